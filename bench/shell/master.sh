# The master number $n of three, behind its gate.
mkdir -p /var/lib/mesos/master /var/log/mesos/master
run --name "mesos-master-0$n" --init --entrypoint mesos-master -e MESOS_PORT=5050 -e MESOS_HOSTNAME="$address" \
    -e MESOS_IP="$address" -e MESOS_ZK="zk://$zk/mesos" -e MESOS_QUORUM=2 -e MESOS_REGISTRY=replicated_log \
    -e MESOS_LOG_DIR=/var/log/mesos -e MESOS_WORK_DIR=/var/tmp/mesos \
    -e MESOS_MAX_COMPLETED_FRAMEWORKS="$completed_frameworks" \
    -v /var/log/mesos/master:/var/log/mesos -v /var/lib/mesos/master:/var/tmp/mesos \
    "$registry/lab/mesos-master-stand-in:1.5.0"
bash /tmp/gates.sh masters "$address" 3
