"""What `fab --list` shows: a chapter of the runbook is a module of tasks."""

import sys

from invoke.collection import Collection

from lab import tasks as lab
from tasks import adopt, backup, cluster, host, marathon, mesos_agent, mesos_master, retire, status, zookeeper
from tasks.engine import commandline
from tasks.engine.listing import in_order

ns = Collection(
    cluster.runbook,
    cluster.preflight,
    cluster.plan,
    adopt.adopt,
    zookeeper.deploy,
    mesos_master.deploy,
    marathon.deploy,
    mesos_agent.deploy,
    cluster.deploy,
    status.status,
    status.diagnose,
    status.runs,
    cluster.version,
    host.reboot,
    retire.retire,
    backup.restore,
    backup=Collection(backup.make, backup.check),
    host=in_order(Collection(host.set_ip, host.check_ip, host.drain, host.resume)),
    zookeeper=in_order(
        Collection(zookeeper.mkdirs, zookeeper.configure, zookeeper.pull, zookeeper.run, zookeeper.ask)
    ),
    mesos_master=in_order(
        Collection(mesos_master.pull, mesos_master.run, mesos_master.ask, mesos_master.hand_over)
    ),
    marathon=in_order(Collection(marathon.run, marathon.ask, marathon.hand_over, marathon.stop)),
    mesos_agent=in_order(Collection(mesos_agent.set_ip, mesos_agent.run, mesos_agent.ask)),
    lab=Collection.from_module(lab),
)

commandline.explain()

# Invoke has Python keep nothing of what it compiles, so each run would compile all of tasks/ that it needs.
sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)
