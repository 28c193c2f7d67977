#!/bin/bash
# Makes what is missing of zoo.cfg and myid, gives the data to the user, becomes that user.
set -e

# Only a server that was started as root: `docker run --user` and other commands are left alone.
if [ "$1" = zkServer.sh ] && [ "$(id -u)" = 0 ]; then
    chown -R "$ZOO_USER" "$ZOO_DATA_DIR" "$ZOO_DATA_LOG_DIR"
    exec setpriv --reuid="$ZOO_USER" --regid="$ZOO_USER" --init-groups "$0" "$@"
fi

# A zoo.cfg that is there is never touched, so it silences all of these variables.
if [ ! -f "$ZOO_CONF_DIR/zoo.cfg" ]; then
    {
        echo "clientPort=$ZOO_PORT"
        echo "dataDir=$ZOO_DATA_DIR"
        echo "dataLogDir=$ZOO_DATA_LOG_DIR"
        echo "tickTime=$ZOO_TICK_TIME"
        echo "initLimit=$ZOO_INIT_LIMIT"
        echo "syncLimit=$ZOO_SYNC_LIMIT"
        echo "maxClientCnxns=$ZOO_MAX_CLIENT_CNXNS"
        for server in $ZOO_SERVERS; do echo "$server"; done
    } >"$ZOO_CONF_DIR/zoo.cfg"
fi

[ -f "$ZOO_DATA_DIR/myid" ] || echo "${ZOO_MY_ID:-1}" >"$ZOO_DATA_DIR/myid"

exec "$@"
