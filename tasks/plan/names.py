"""Names that people know things by: the task of each step, the service of each role."""

SERVICES = {
    "zookeeper": "ZooKeeper",
    "mesos_master": "Mesos masters",
    "marathon": "Marathon",
    "mesos_agent": "Mesos agents",
}
"""What the members of a role are called as a whole."""

TASKS = {
    "1.1": "host.set-ip",
    "1.2": "host.check-ip",
    "2.1": "zookeeper.mkdirs",
    "2.2": "zookeeper.configure",
    "2.3": "zookeeper.configure",
    "2.4": "zookeeper.pull",
    "2.5": "zookeeper.run",
    "2.6": "zookeeper.ask",
    "3.1": "mesos-master.pull",
    "3.2": "mesos-master.run",
    "3.3": "mesos-master.ask",
    "4.1": "marathon.run",
    "4.2": "marathon.ask",
    "5.2": "mesos-agent.run",
    "5.3": "mesos-agent.ask",
}
"""The task that carries out each step: what an operator types."""
