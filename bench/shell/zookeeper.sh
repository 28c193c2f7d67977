# ZooKeeper number $n of three, behind its gate.
mkdir -p /opt/zookeeper/conf /opt/zookeeper/data /opt/zookeeper/logs
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
