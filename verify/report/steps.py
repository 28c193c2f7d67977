"""The runbook's steps as the report names them, in its order; README's table says the same (tested)."""

STEPS = {
    "1.1": "HOST_IP in /etc/profile",
    "1.2": "what a login shell says of it",
    "1.3": "with `firewall=true`: ports closed to strangers",
    "2.1": "directories for conf, data and logs",
    "2.2": "zoo.cfg",
    "2.3": "myid",
    "2.4": "pull the image",
    "2.5": "run the container",
    "2.6": "who leads, who follows",
    "3.1": "pull the master's image",
    "3.2": "run the masters, together at first",
    "3.3": "one leader, a log on all of them",
    "4.1": "run Marathon",
    "4.2": "one framework, everybody answers",
    "5.1": "HOST_IP on the agents, as 1.1",
    "5.2": "run the agents",
    "5.3": "active on the leading master",
}

WITHOUT_ID = {
    "test_host.py": "every host",
    "test_journey.py": "an app, from launch to removal",
    "test_failover.py": "leaders killed, ZooKeeper away, a host powered off",
    "selection.py": "every role has a host that is checked",
}
"""What checks are about that belong to no step, by their file; in this order behind the steps."""
