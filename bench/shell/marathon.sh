# Marathon number $n of three, behind its gate.
run --name "marathon-$n" -e MARATHON_HTTP_ADDRESS="$address" -e MARATHON_HTTP_PORT=8080 \
    -e MARATHON_HOSTNAME="$address" -e LIBPROCESS_IP="$address" -e JAVA_OPTS=-Xmx512m -e STAND_IN_BOOT="$boot" \
    "$registry/lab/marathon-stand-in:1.5.8" --master "zk://$zk/mesos" --zk "zk://$zk/marathon"
bash /tmp/gates.sh marathon "$address" 3
