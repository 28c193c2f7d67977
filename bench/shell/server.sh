# server.sh ADDRESS N REGISTRY SYNC_LIMIT: ZooKeeper, master and Marathon number N of three, behind gates.
set -eu
address=$1 n=$2 registry=$3 sync_limit=$4
zk=10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181
run() { docker run -d --net host --restart=always --log-opt max-size=50m --log-opt max-file=5 "$@"; }

mkdir -p /opt/zookeeper/conf /opt/zookeeper/data /opt/zookeeper/logs /var/lib/mesos/master /var/log/mesos/master
cat > /opt/zookeeper/conf/zoo.cfg <<END
tickTime=2000
initLimit=5
syncLimit=$sync_limit
dataDir=/data
clientPort=2181
maxClientCnxns=60
autopurge.snapRetainCount=3
autopurge.purgeInterval=24
4lw.commands.whitelist=conf,cons,crst,dump,envi,gtmk,isro,mntr,ruok,srst,srvr,stat,stmk,wchs
admin.enableServer=false
server.1=10.70.0.10:2888:3888
server.2=10.70.0.11:2888:3888
server.3=10.70.0.12:2888:3888
END
echo "$n" > /opt/zookeeper/data/myid
run --name zookeeper -e SERVER_JVMFLAGS=-Xmx128m -v /opt/zookeeper/logs:/opt/zookeeper/logs \
    -v /opt/zookeeper/conf/zoo.cfg:/conf/zoo.cfg -v /opt/zookeeper/data:/data \
    "$registry/lab/zookeeper:3.8.0"
bash /tmp/gates.sh zookeeper "$address" 3

run --name "mesos-master-0$n" --init --entrypoint mesos-master -e MESOS_PORT=5050 -e MESOS_HOSTNAME="$address" \
    -e MESOS_IP="$address" -e MESOS_ZK="zk://$zk/mesos" -e MESOS_QUORUM=2 -e MESOS_REGISTRY=replicated_log \
    -e MESOS_LOG_DIR=/var/log/mesos -e MESOS_WORK_DIR=/var/tmp/mesos \
    -v /var/log/mesos/master:/var/log/mesos -v /var/lib/mesos/master:/var/tmp/mesos \
    "$registry/lab/mesos-master-stand-in:1.5.0"
bash /tmp/gates.sh masters "$address" 3

run --name "marathon-$n" -e MARATHON_HTTP_ADDRESS="$address" -e MARATHON_HTTP_PORT=8080 \
    -e MARATHON_HOSTNAME="$address" -e LIBPROCESS_IP="$address" -e JAVA_OPTS=-Xmx512m \
    "$registry/lab/marathon-stand-in:1.5.8" --master "zk://$zk/mesos" --zk "zk://$zk/marathon"
bash /tmp/gates.sh marathon "$address" 3
