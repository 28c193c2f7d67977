#!/bin/bash
# ZooKeeper's own command line client, as `zkCli.sh -server HOST:PORT`.
exec java -cp "/conf:/usr/share/java/*" -Dzookeeper.root.logger=WARN,CONSOLE \
    org.apache.zookeeper.ZooKeeperMain "$@"
