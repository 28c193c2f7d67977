"""Names that people know things by: the id and the task of each step, the service of each role."""

import re
from enum import StrEnum
from typing import Self

SERVICES = {
    "zookeeper": "ZooKeeper",
    "mesos_master": "Mesos masters",
    "marathon": "Marathon",
    "mesos_agent": "Mesos agents",
}
"""What the members of a role are called as a whole."""


TASK = r"mesos-[0-9a-f]{8}-[0-9a-f]{4}-"
"""How the name of a docker task's container begins, or of its executor's: an agent names it by an id."""


MASTER = re.compile("mesos-master-[0-9]+")
"""What a master's container is called."""


class Id(StrEnum):
    """The ids of the runbook; each knows its service (`host` if it is of every host) and its task."""

    SET_IP = "1.1", "host", "set-ip"
    CHECK_IP = "1.2", "host", "check-ip"
    FIREWALL = "1.3", "host", "firewall"
    ZOOKEEPER_MKDIRS = "2.1", "zookeeper", "mkdirs"
    ZOOKEEPER_CFG = "2.2", "zookeeper", "configure"
    ZOOKEEPER_MYID = "2.3", "zookeeper", "configure"
    ZOOKEEPER_PULL = "2.4", "zookeeper", "pull"
    ZOOKEEPER_RUN = "2.5", "zookeeper", "run"
    ZOOKEEPER_ASK = "2.6", "zookeeper", "ask"
    MASTER_PULL = "3.1", "mesos_master", "pull"
    MASTER_RUN = "3.2", "mesos_master", "run"
    MASTER_ASK = "3.3", "mesos_master", "ask"
    MARATHON_RUN = "4.1", "marathon", "run"
    MARATHON_ASK = "4.2", "marathon", "ask"
    AGENT_RUN = "5.2", "mesos_agent", "run"
    AGENT_ASK = "5.3", "mesos_agent", "ask"

    service: str
    task: str

    def __new__(cls, number: str, service: str, task: str) -> Self:
        """Make the number the id itself, as text, and the rest what it knows of itself."""
        id = str.__new__(cls, number)
        id._value_, id.service, id.task = number, service, task
        return id

    @property
    def typed(self) -> str:
        """What an operator types to have it carried out: `zookeeper.run`."""
        return f"{self.service}.{self.task}".replace("_", "-")
