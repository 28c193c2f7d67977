# The agent, and until it is active.
mkdir -p /var/lib/mesos/agent /var/log/mesos/agent
run --name mesos-slave --privileged --pid=host -e MESOS_IP="$address" -e MESOS_HOSTNAME="$address" -e MESOS_PORT=5051 \
    -e MESOS_MASTER="zk://$zk/mesos" -e MESOS_SWITCH_USER=0 \
    -e MESOS_CONTAINERIZERS=docker,mesos -e MESOS_LOG_DIR=/var/log/mesos \
    -e MESOS_WORK_DIR=/var/lib/mesos/agent -e MESOS_SYSTEMD_ENABLE_SUPPORT=false \
    -e MESOS_DOCKER_MESOS_IMAGE="$registry/lab/mesos-stand-in:1.5.0" \
    -e MESOS_EXECUTOR_REGISTRATION_TIMEOUT=5mins \
    -e 'MESOS_RESOURCES=cpus:2;mem:1024;disk:2048;ports:[31000-32000]' \
    -v /var/log/mesos/agent:/var/log/mesos -v /var/lib/mesos/agent:/var/lib/mesos/agent \
    -v /var/run/docker.sock:/var/run/docker.sock -v /sys:/sys \
    "$registry/lab/mesos-slave-stand-in:1.5.0"
bash /tmp/gates.sh agent "$address" 10.70.0.10
