#!/bin/bash
# zkServer.sh start-foreground|status, for a container: no pid files, no daemon.
set -e

config=${ZOO_CONF_DIR:-/conf}
[ ! -f "$config/java.env" ] || . "$config/java.env"

# Debian's zookeeper.jar names the jars it needs, but for a backend to log through.
java=/usr/share/java
classes=$config:$java/zookeeper.jar:$java/slf4j-log4j12.jar:$java/log4j-1.2.jar

serve() {
    echo "Using config: $config/zoo.cfg" >&2
    # shellcheck disable=SC2086
    exec java -cp "$classes${CLASSPATH:+:$CLASSPATH}" $SERVER_JVMFLAGS $JVMFLAGS \
        org.apache.zookeeper.server.quorum.QuorumPeerMain "$config/zoo.cfg"
}

status() {
    echo "Using config: $config/zoo.cfg" >&2
    local port
    port=$(sed -n 's/^[[:space:]]*clientPort[[:space:]]*=[[:space:]]*//p' "$config/zoo.cfg")
    printf srvr | nc -w 5 localhost "${port:-2181}" | grep Mode && return
    echo "Error contacting service. It is probably not running." >&2
    return 1
}

case $1 in
    start-foreground) serve ;;
    status) status ;;
    *) echo "Usage: $0 start-foreground|status" >&2; exit 2 ;;
esac
