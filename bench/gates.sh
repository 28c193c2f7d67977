#!/bin/bash
# What must be well before a deploy goes on, asked on the host every 0.15 s for at most 120 s.
# The same for every contestant:
#   gates.sh zookeeper|masters|marathon ADDRESS MEMBERS    ADDRESS is the host's own
#   gates.sh agent ADDRESS MASTER                          MASTER is the address of any master
gate=$1 address=$2 third=$3

word() { printf '%s' "$1" | nc -w 2 "$address" 2181; }
get() { printf 'GET %s HTTP/1.0\r\n\r\n' "$3" | nc -w 3 "$1" "$2"; }
body() { get "$@" | sed '1,/^\r*$/d'; }
leading_master() { get "$1" 5050 /redirect | sed -n 's|^Location: //\([0-9.]*\).*|\1|p'; }

zookeeper() {
    case $(word srvr) in
        *'Mode: follower'*) ;;
        *'Mode: leader'*) [ "$(word mntr | awk '$1 == "zk_synced_followers" { print int($2) }')" = $((third - 1)) ] ;;
        *) return 1 ;;
    esac
}

masters() {
    body "$address" 5050 /metrics/snapshot | jq -e --argjson members "$third" '
        .["registrar/log/recovered"] == 1 and .["registrar/log/ensemble_size"] == $members
        and (.["master/elected"] == 0 or has("registrar/registry_size_bytes"))' &&
        [ -n "$(leading_master "$address")" ]
}

marathon() { body "$address" 8080 /v2/info | jq -e '.leader and .frameworkId'; }

agent() {
    body "$(leading_master "$third")" 5050 /slaves |
        jq -e --arg me "$address" 'any(.slaves[]; .hostname == $me and .active)'
}

for _ in $(seq 800); do
    "$gate" >/dev/null 2>&1 && exit 0
    sleep 0.15
done
echo "$address: $gate not well after 120 s" >&2
exit 1
