# ruff: noqa: E501 (a table: the sentences stand as the suite says them)
"""What can be wrong with a cluster, and which checks of the suite say so: at least one fault for every check.

Checks are written NAME for the cluster as a whole and NAME@HOST for one host. A {name} stands for the
host that is it at the time (`planting.who_is_what`), `...` in a sentence for what varies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from operators import ROOT, TRIO, edit
from planting import (
    Plant,
    Who,
    delete_replica,
    doctored,
    python_in,
    rerun,
    shell_in,
    together,
    undoctored,
)

from lab.faults import fail_launches


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, what proves that the suite sees it, and which checks fail with it.

    `may` are checks that fail or not, as the moment falls. `heal` undoes what no deploy can undo; then a
    deploy heals the rest. `told` is what fab's own commands say of it, by their names; `untold` why one of
    them has nothing to say of it.
    """

    story: str
    proves: Mapping[str, str]
    plant: Plant
    follow: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    heal: Plant | None = None
    told: Mapping[str, str] = field(default_factory=dict)
    untold: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Round:
    """Faults that are planted together because the suite can tell them apart, and what of it is run.

    `shows` are the facts (`planting.facts`) by which the faults have come to bear. `edit` changes the
    inventory's text instead of the hosts: then they are wrong for it. `codes` are those with which fab's own
    commands end, by their names; only these are run, `deploy` last.
    """

    name: str
    faults: tuple[Fault, ...]
    shows: Mapping[str, object] = field(default_factory=dict)
    suite: tuple[str, ...] = ("verify", "-m", "not journey")
    edit: Callable[[str], str] = field(default=str)
    codes: Mapping[str, int] = field(default_factory=dict)


def nothing(who: Who) -> None:
    """Plant nothing: the inventory is what is wrong."""


def in_place(where: str, file: str, script: str) -> Plant:
    """Edit a file of a host by hand."""
    return lambda who: edit(where.format(**who), file, script)


def set_apart(where: str, sed: str, more: str = "true") -> Plant:
    """Edit a member's zoo.cfg, add what `more` prints, and restart the member; the file is kept."""
    return shell_in(
        where,
        f"cp -p {ZOO_CFG} /tmp/zoo.cfg; {{ sed -E '{sed}' /tmp/zoo.cfg; {more}; }} > {ZOO_CFG};"
        "docker restart -t 3 zookeeper",
    )


def as_before(where: str) -> Plant:
    """Undo `set_apart`; what the member took while it was apart does not belong to the ensemble's history."""
    wipe = "docker stop -t 3 zookeeper; rm -rf /opt/zookeeper/data/version-2"
    return shell_in(where, f"{wipe}; cat /tmp/zoo.cfg > {ZOO_CFG}; docker start zookeeper")


DRIFT = "a deploy mends it; what it changes is told by plan and status"
ABSENT = "what is not there is run by a deploy; plan and status tell of it"
COUNTED = "it tells one difference of a container, and counts the others"
CLOCK = "a look asks no clock; a deploy that has something to do is refused by its preflight"
NO_STEP = (
    "no step of a deploy is for it; with nothing else to do, it tells what status tells, and ends with 7"
)
NO_SERVICE = "it judges hosts and members, and no service as a whole"
BY_TAG = (
    "it goes by the image's name, which is as wanted; what the program says of itself is asked by the suite"
)
BY_APPS = "every member is as wanted and well; only who runs an app finds it"

ZOO_CFG = "/opt/zookeeper/conf/zoo.cfg"
STANDIN = "/usr/lib/python3/dist-packages/mesos_standin/__init__.py"

ELSEWHERE = "zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/elsewhere"

SECOND_MEMBER = (
    "docker run -d --net host --name second"
    ' -e ZOO_MY_ID=9 -e ZOO_PORT=2182 -e ZOO_SERVERS="server.$N=$HOST:2888:3888 server.9=$HOST:2889:3889"'
    " -e SERVER_JVMFLAGS='-Xmx64m -Dzookeeper.admin.enableServer=false'"
    " $(docker inspect -f '{{.Config.Image}}' zookeeper)"
)
"""A member of another ensemble on the same host, on ports of its own."""

FOURTH_MEMBER = (
    "docker run -d --net host --name fourth -e ZOO_MY_ID=9 -e ZOO_PORT=2182"
    f""" -e ZOO_SERVERS="$(grep ^server {ZOO_CFG} | tr '\\n' ' ')server.9=$HOST:2889:3889\""""
    " -e SERVER_JVMFLAGS='-Xmx64m -Dzookeeper.admin.enableServer=false'"
    " $(docker inspect -f '{{.Config.Image}}' zookeeper)"
)
"""A ZooKeeper that knows all members of the ensemble and follows their leader, on ports of its own."""

STRANGER = "import http.server as h; h.test(h.SimpleHTTPRequestHandler, port=8080, bind='HOST')"
"""A web server that has nothing to do with Marathon."""

NO_PROXY = """
import http.server, json, urllib.request
info = json.load(urllib.request.urlopen("http://LEADER:8080/v2/info"))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"pong" if self.path == "/ping" else json.dumps({**info, "version": "1.5.7"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.HTTPServer(("HOST", 8080), Handler).serve_forever()
"""
"""What answers as a Marathon of another version would that knows who leads and does not ask it."""

SECOND_AGENT = rerun(
    "{agent}",
    "mesos_agent",
    name="mesos-slave-2",
    environment={"MESOS_PORT": "5052", "MESOS_WORK_DIR": "/var/lib/mesos/second"},
)

BY_HAND = Round(
    "by hand",
    (
        Fault(
            "HOST_IP was set by hand in an `if` of /etc/profile, whose every login leaves a program running",
            {
                "test_the_last_line_that_sets_host_ip_exports_it@10.70.0.10": "10.70.0.10: the last line of /etc/profile that sets HOST_IP is 'HOST_IP=10.70.0.10; fi'; expected export HOST_IP=...; `fab host.set-ip` writes the line"
            },
            shell_in(
                "10.70.0.10",
                r"printf '( while :; do sleep 7; done ) &\nif true; then\n  HOST_IP=%s; fi\n' $HOST >> /etc/profile",
            ),
            heal=shell_in("10.70.0.10", "sed -i '/sleep 7; done/d; /^if true; then$/,/; fi$/d' /etc/profile"),
            told={
                "status": "10.70.0.10  HOST_IP in /etc/profile: it is set again below; a line is added behind line ...: HOST_IP=10.70.0.10; fi, which stays",
                "plan": "10.70.0.10  1.1 HOST_IP in /etc/profile: it is set again below; a line is added behind line ...: HOST_IP=10.70.0.10; fi, which stays",
                "preflight": "10.70.0.10  warning  login: every login leaves a program running: sleep 7.",
            },
        ),
        Fault(
            "HOST_IP is missing from /etc/profile",
            {
                "test_the_last_line_that_sets_host_ip_exports_it@10.70.0.11": "10.70.0.11: no line of /etc/profile sets HOST_IP; expected export HOST_IP=...; `fab host.set-ip` writes the line",
                "test_a_login_shell_says_the_hosts_own_address@10.70.0.11": "10.70.0.11: a login shell says HOST_IP=''; expected 10.70.0.11; `fab host.set-ip` writes the line",
            },
            shell_in("10.70.0.11", "sed -i /HOST_IP=/d /etc/profile"),
            told={
                "status": "10.70.0.11  HOST_IP in /etc/profile: missing",
                "plan": "10.70.0.11  1.1 HOST_IP in /etc/profile: missing",
            },
            untold={"preflight": DRIFT},
        ),
        Fault(
            "HOST_IP is the address of another host",
            {
                "test_a_login_shell_says_the_hosts_own_address@10.70.0.12": "10.70.0.12: a login shell says HOST_IP='10.70.0.11'; expected 10.70.0.12; `fab host.set-ip` writes the line"
            },
            shell_in("10.70.0.12", "sed -i 's/^export HOST_IP=.*/export HOST_IP=10.70.0.11/' /etc/profile"),
            told={
                "status": "10.70.0.12  HOST_IP in a login shell: it says '10.70.0.11', not 10.70.0.12",
                "plan": "10.70.0.12  1.2 HOST_IP in a login shell: it says '10.70.0.11', not 10.70.0.12",
            },
            untold={"preflight": DRIFT},
        ),
        Fault(
            "a firewall of an earlier run is there, which hosts.ini does not want",
            {
                "test_strangers_are_kept_out_if_hosts_ini_says_so@{agent}": "{agent}: its nftables have a table inet mesofab; expected none, as firewall=false; `fab host.firewall` removes it"
            },
            shell_in("{agent}", "echo tried > /run/mesofab.firewall; nft add table inet mesofab"),
            told={
                "status": "{agent}  remove the firewall: firewall=false",
                "plan": "{agent}  1.3 remove the firewall: firewall=false",
            },
            untold={"preflight": DRIFT},
        ),
        Fault(
            "a host's clock is five minutes ahead (a `date` that says so, since the lab's hosts share one clock)",
            {
                "test_its_clock_agrees_with_ours@{agent}": "{agent}: its clock is ... s ahead of the one here; expected at most 30 s; have both set by NTP (`timedatectl`, chrony); if all hosts differ, it is the clock here"
            },
            shell_in(
                "{agent}",
                "printf '%s\\n' '#!/bin/sh' 'exec /bin/date -d \"+300 seconds\" \"$@\"' > /usr/local/bin/date;"
                "chmod +x /usr/local/bin/date",
            ),
            heal=shell_in("{agent}", "rm /usr/local/bin/date"),
            told={"preflight": "{agent}  error  clock: its clock is ... s ahead of the others."},
            untold={"status": CLOCK, "plan": CLOCK},
        ),
        Fault(
            "a setting in a zoo.cfg was edited by hand",
            {
                "test_zoo_cfg_holds_the_settings_of_the_inventory@10.70.0.10": "10.70.0.10: /opt/zookeeper/conf/zoo.cfg says tickTime=3000; expected tickTime=2000; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it"
            },
            in_place("10.70.0.10", ZOO_CFG, "s/^tickTime=.*/tickTime=3000/"),
            told={
                "status": "10.70.0.10  zookeeper: zoo.cfg: edited by hand: tickTime 3000 -> 2000",
                "plan": "10.70.0.10  2.5 replace zookeeper: zoo.cfg: edited by hand: tickTime 3000 -> 2000",
            },
            untold={"preflight": DRIFT},
        ),
        Fault(
            "one member has a different server list in its zoo.cfg",
            {
                "test_zoo_cfg_lists_the_members_of_the_inventory@10.70.0.11": "10.70.0.11: /opt/zookeeper/conf/zoo.cfg says server.3=10.70.0.12:2889:3888; expected server.3=10.70.0.12:2888:3888; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it"
            },
            in_place("10.70.0.11", ZOO_CFG, "s/^(server.3=.*):2888:/\\1:2889:/"),
            told={
                "plan": "10.70.0.11  2.5 replace zookeeper: zoo.cfg: edited by hand: server.3 10.70.0.12:2889:3888 -> 10.70.0.12:2888:3888"
            },
            untold={"status": COUNTED, "preflight": DRIFT},
        ),
        Fault(
            "directories and files are closed to all others, as under a umask of 077, and one belongs to the user of ZooKeeper",
            {
                "test_all_may_read_what_root_made_and_root_alone_may_change_it@10.70.0.11": "10.70.0.11: /opt/zookeeper/conf has mode 700, owner 1000; expected mode 755, owner 0; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
                "test_all_may_look_into_the_masters_directories@{master_leader}": "{master_leader}: /var/log/mesos/master has mode 700; expected mode 755; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
                "test_all_may_look_into_the_agents_directories@{agent}": "{agent}: /var/lib/mesos/agent has mode 700; expected mode 755; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
            },
            together(
                shell_in(
                    "10.70.0.11",
                    f"chmod 600 {ZOO_CFG} /opt/zookeeper/data/myid;"
                    "chown 1000 /opt/zookeeper/conf; chmod 700 /opt/zookeeper/conf",
                ),
                shell_in("{master_leader}", "chmod 700 /var/log/mesos/master"),
                shell_in("{agent}", "chmod 700 /var/lib/mesos/agent"),
            ),
            told={
                "status": "10.70.0.11  zookeeper: directories: /opt/zookeeper/conf: owner 1000 -> 0, mode 700 -> 755 (and 2 more differences)",
                "plan": "10.70.0.11  2.1 directories: /opt/zookeeper/conf: owner 1000 -> 0, mode 700 -> 755",
            },
            untold={"preflight": DRIFT},
        ),
        Fault(
            "a ZooKeeper data directory was wiped while the member runs",
            {
                "test_the_directory_exists@10.70.0.12": "10.70.0.12: /opt/zookeeper/data is no directory; expected one; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
                "test_myid_is_the_inventorys@10.70.0.12": "10.70.0.12: /opt/zookeeper/data/myid cannot be read (...No such file or directory); expected 3, the myid of hosts.ini; an id is never changed under existing data: `fab plan` compares all members and says which of the two is wrong; if it is missing, `fab deploy-zookeeper` writes it",
                "test_its_configuration_and_data_live_on_the_host@10.70.0.12": "10.70.0.12: zookeeper does not see /opt/zookeeper/data: it was removed or replaced after the start; expected the host's /opt/zookeeper/data as /data; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
            },
            shell_in("10.70.0.12", "rm -rf /opt/zookeeper/data"),
            told={
                "status": "10.70.0.12  zookeeper is not well: it does not see /opt/zookeeper/data, which was removed or replaced after its start. A deploy mends that.",
                "plan": "10.70.0.12  2.5 replace zookeeper: it does not see /opt/zookeeper/data, which was removed or replaced after its start",
                "preflight": "10.70.0.12  warning  unwell: zookeeper: it does not see /opt/zookeeper/data, which was removed or replaced after its start. The deploy mends that.",
            },
        ),
        Fault(
            "a container has lost its restart policy",
            {
                "test_it_comes_back_after_a_reboot@10.70.0.10": "10.70.0.10: zookeeper: restart policy is no; expected always; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
                "test_the_master_runs_as_the_runbook_says@{master_a}": "{master_a}: mesos-master-0...: restart policy is no; expected always; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
            },
            together(
                shell_in("10.70.0.10", "docker update --restart=no zookeeper"),
                shell_in("{master_a}", "docker update --restart=no mesos-master-0$N"),
            ),
            told={
                "status": "{master_a}  mesos_master: restart policy of mesos-master-0...: no -> always",
                "plan": "{master_a}  3.2 restart policy of mesos-master-0...: no -> always",
            },
            untold={"preflight": DRIFT},
        ),
        Fault(
            "a replica of the masters' log is missing (its node in ZooKeeper was deleted)",
            {
                "test_the_replicated_log_is_recovered_everywhere": "{master_leader}: it sees 2 replicas of the log; expected 3, one for each master; restart the master whose replica is missing; look at its log for `replica`"
            },
            delete_replica,
            heal=shell_in("{master_b}", "docker restart -t 0 mesos-master-0$N"),
            told={"status": "Mesos masters: 3 log replicas should be seen, ...sees 2"},
            untold={"plan": NO_STEP, "preflight": NO_SERVICE},
        ),
        Fault(
            "a Marathon runs on another path in ZooKeeper: it leads itself, as a second framework",
            {
                "test_marathon_runs_as_the_runbook_says@{marathon_b}": "{marathon_b}: marathon-...: arguments is ... --zk .../elsewhere; expected ... --zk .../marathon; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
                "test_all_name_the_same_leader_and_it_is_one_of_them": "...: they name as leader ...{marathon_b}:8080...; expected all to name the same one of them; compare their --zk in `docker inspect marathon-N`: who names another leader has another path",
                "test_marathon_is_exactly_one_active_framework_on_the_leading_master": "{master_leader}: the leading master has the active frameworks ..., ... called marathon, Marathon says it is ..., ...; expected exactly one, Marathon's own; with none, look at --master and --framework_name of the leading Marathon and at its log; with several, stop the one that is not of hosts.ini",
            },
            rerun("{marathon_b}", "marathon", arguments=lambda word: word.replace("/marathon", "/elsewhere")),
            told={
                "status": "{marathon_b}  marathon: argument --zk zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/elsewhere -> zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/marathon",
                "plan": "{marathon_b}  4.1 replace marathon-...: argument --zk zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/elsewhere -> zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/marathon",
            },
            untold={"preflight": DRIFT},
        ),
        Fault(
            "a Marathon would register under another framework name",
            {
                "test_marathon_runs_as_the_runbook_says@{marathon_a}": "{marathon_a}: marathon-...: arguments is --master ... --framework_name other; expected --master ...; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it"
            },
            rerun("{marathon_a}", "marathon", more_arguments=("--framework_name", "other")),
            told={
                "status": "{marathon_a}  marathon: argument --framework_name=other removed",
                "plan": "{marathon_a}  4.1 replace marathon-...: argument --framework_name=other removed",
            },
            untold={"preflight": DRIFT},
        ),
        Fault(
            "a host runs a second agent of ours, and is registered under a second id",
            {
                "test_no_other_container_of_ours_is_there@{agent}": "{agent}: there is a container mesos-slave-2; expected only mesos-slave; add its role to the host in hosts.ini, or remove it; docs/members.md says how one leaves: Members that hosts.ini does not name",
                "test_no_other_agent_is_registered": "{agent}: an agent {agent}:5052 is registered as ... beside the host's own; expected only the agents of hosts.ini; have it unregister: docs/members.md says how one leaves: Members that hosts.ini does not name",
            },
            together(SECOND_AGENT, shell_in("{agent}", "docker update --restart=no mesos-slave-2")),
            heal=shell_in(
                "{agent}",
                "docker kill -s USR1 mesos-slave-2; docker wait mesos-slave-2; docker rm mesos-slave-2",
            ),
            told={
                "status": "the leading master counts the agent {agent}:5052 as active, with 0 tasks, and hosts.ini has another one there.",
                "plan": "the leading master counts the agent {agent}:5052 as active, with 0 tasks, and hosts.ini has another one there. There: docker update --restart=no mesos-slave-2, docker kill -s USR1 mesos-slave-2",
                "preflight": "{agent}  warning  stranger: the leading master counts the agent {agent}:5052 as active, with 0 tasks, and hosts.ini has another one there. There: docker update --restart=no mesos-slave-2",
            },
        ),
        Fault(
            "a second Marathon of ours runs on a host, on a port of its own",
            {
                "test_no_other_container_of_ours_is_there@{marathon_leader}": "{marathon_leader}: there is a container marathon-9; expected only marathon-..., mesos-master-0..., zookeeper; add its role to the host in hosts.ini, or remove it; docs/members.md says how one leaves: Members that hosts.ini does not name",
                "test_no_other_marathon_stands_for_election": "{marathon_leader}: a Marathon {marathon_leader}:8081 stands for election in ZooKeeper's /marathon; expected only the Marathons of hosts.ini; stop the second one there: docs/members.md says how one leaves: Members that hosts.ini does not name",
            },
            rerun(
                "{marathon_leader}", "marathon", name="marathon-9", environment={"MARATHON_HTTP_PORT": "8081"}
            ),
            heal=shell_in("{marathon_leader}", "docker stop -t 30 marathon-9; docker rm marathon-9"),
            told={
                "status": "more than a Marathon on {marathon_leader} stands for election in ZooKeeper, hosts.ini has one there.",
                "plan": "more than a Marathon on {marathon_leader} stands for election in ZooKeeper, hosts.ini has one there. There: docker stop -t 30 marathon-9, which hands over what it leads",
                "preflight": "{marathon_leader}  warning  stranger: more than a Marathon on {marathon_leader} stands for election in ZooKeeper, hosts.ini has one there. There: docker stop -t 30 marathon-9",
            },
        ),
    ),
    shows={"replicas": 2, "active": 2, "frameworks": 2, "leaders": 2, "latches": 3},
    codes={"status": 7, "plan": 0, "preflight": 6},
)

CONTAINERS = Round(
    "containers replaced by hand",
    (
        Fault(
            "ZooKeeper's container was replaced by hand: another tag, more heap, a mount more, privileged",
            {
                "test_it_runs_the_pinned_image@{zk_a}": "{zk_a}: zookeeper: image is 10.70.0.2:5000/lab/zookeeper:1.0; expected 10.70.0.2:5000/lab/zookeeper:3.8.0; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
                "test_its_variables_and_arguments_are_as_wanted@{zk_a}": "{zk_a}: zookeeper: SERVER_JVMFLAGS is -Xmx1g; expected -Xmx128m; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
                "test_it_is_on_the_hosts_network_and_has_no_other_rights@{zk_a}": "{zk_a}: zookeeper: privileged is True; expected False; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
                "test_its_configuration_and_data_live_on_the_host@{zk_a}": "{zk_a}: zookeeper: mounts is /opt/zookeeper/conf/zoo.cfg:/conf/zoo.cfg, /opt/zookeeper/data:/data, /opt/zookeeper/logs:/opt/zookeeper/logs, /tmp:/tmp; expected /opt/zookeeper/conf/zoo.cfg:/conf/zoo.cfg, /opt/zookeeper/data:/data, /opt/zookeeper/logs:/opt/zookeeper/logs; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
            },
            rerun(
                "{zk_a}",
                "zookeeper",
                image="1.0",
                environment={"SERVER_JVMFLAGS": "-Xmx1g"},
                mounts=(("/tmp", "/tmp"),),
                options="--privileged",
            ),
            told={
                "status": "{zk_a}  zookeeper: image ...zookeeper:1.0 -> ..., SERVER_JVMFLAGS -Xmx1g -> -Xmx128m, mount /tmp:/tmp removed, privileged on -> off",
                "plan": "{zk_a}  2.5 replace zookeeper: image ...zookeeper:1.0 -> ..., SERVER_JVMFLAGS -Xmx1g -> -Xmx128m, mount /tmp:/tmp removed, privileged on -> off",
            },
            untold={"preflight": DRIFT},
        ),
        Fault(
            "the images of a master and of an agent are of another version than their tags say",
            {
                "test_every_master_has_the_version_of_its_image": "{master_b}: lab/mesos-master-stand-in:1.5.0 turns out to be version 1.4.9; expected 1.5.0; somebody gave that name to another image: `docker rmi -f` it there, then pull lab/mesos-master-stand-in:1.5.0",
                "test_the_agent_has_the_version_of_its_image@{agent}": "{agent}: lab/mesos-slave-stand-in:1.5.0 turns out to be version 1.4.9; expected 1.5.0; somebody gave that name to another image: `docker rmi -f` it there, then pull lab/mesos-slave-stand-in:1.5.0",
            },
            # They take effect when the two are replaced, below.
            together(
                doctored("{master_b}", "mesos_master", STANDIN), doctored("{agent}", "mesos_agent", STANDIN)
            ),
            heal=together(undoctored("{master_b}", "mesos_master"), undoctored("{agent}", "mesos_agent")),
            untold={"status": BY_TAG, "plan": BY_TAG, "preflight": BY_TAG},
        ),
        Fault(
            "a master runs with quorum 1, and of an image with a wrong tag",
            {
                "test_the_master_runs_as_the_runbook_says@{master_a}": "{master_a}: mesos-master-0...: image is 10.70.0.2:5000/lab/mesos-master-stand-in:1.0; expected 10.70.0.2:5000/lab/mesos-master-stand-in:1.5.0; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
                "test_the_masters_run_with_the_wanted_flags": "{master_a}: the master's flag quorum is 1; expected 2; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
            },
            rerun("{master_a}", "mesos_master", image="1.0", environment={"MESOS_QUORUM": "1"}),
            told={
                "status": "{master_a}  mesos_master: image ...:1.0 -> ...:1.5.0, MESOS_QUORUM 1 -> 2",
                "plan": "{master_a}  3.2 replace mesos-master-0...: image ...:1.0 -> ...:1.5.0, MESOS_QUORUM 1 -> 2",
            },
            untold={"preflight": DRIFT},
        ),
        Fault(
            "a master runs without docker-init, and keeps its registry in_memory where a replicated log is wanted, and its log elsewhere",
            {
                "test_the_master_runs_as_the_runbook_says@{master_b}": "{master_b}: mesos-master-0...: docker-init is False; expected True; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
                "test_the_masters_run_with_the_wanted_flags": "{master_b}: the master's flag registry is in_memory; expected replicated_log; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
                "test_the_replicated_log_is_recovered_everywhere": "{master_b}: no recovered replica of the log; expected one on every master; restart the master whose replica is missing; look at its log for `replica`",
                "test_the_masters_log_and_registry_live_on_the_host@{master_b}": "{master_b}: mesos-master-0...: mounts is /tmp:/var/log/mesos, /var/lib/mesos/master:/var/tmp/mesos; expected /var/lib/mesos/master:/var/tmp/mesos, /var/log/mesos/master:/var/log/mesos; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
            },
            rerun(
                "{master_b}",
                "mesos_master",
                environment={"MESOS_REGISTRY": "in_memory"},
                mounts=(("/tmp", "/var/log/mesos"),),
                init=False,
            ),
            # A deploy would wait for the master it has started, and that one for this one's replica.
            heal=shell_in("{master_b}", "docker rm -f mesos-master-0$N"),
            told={
                "status": "{master_b}  mesos_master: MESOS_REGISTRY in_memory -> replicated_log, mount /var/log/mesos/master:/var/log/mesos added, mount /tmp:/var/log/mesos removed, docker-init off -> on",
                "plan": "{master_b}  3.2 replace mesos-master-0...: MESOS_REGISTRY in_memory -> replicated_log, mount /var/log/mesos/master:/var/log/mesos added, mount /tmp:/var/log/mesos removed, docker-init off -> on",
            },
            untold={"preflight": DRIFT},
        ),
        Fault(
            "Marathon was replaced by one with more heap and a mount",
            {
                "test_marathon_runs_as_the_runbook_says@{marathon_a}": "{marathon_a}: marathon-...: JAVA_OPTS is -Xmx1g; expected -Xmx512m; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
            },
            rerun(
                "{marathon_a}",
                "marathon",
                environment={"JAVA_OPTS": "-Xmx1g"},
                mounts=(("/tmp", "/tmp"),),
            ),
            told={
                "status": "{marathon_a}  marathon: JAVA_OPTS -Xmx1g -> -Xmx512m, mount /tmp:/tmp removed",
                "plan": "{marathon_a}  4.1 replace marathon-...: JAVA_OPTS -Xmx1g -> -Xmx512m, mount /tmp:/tmp removed",
            },
            untold={"preflight": DRIFT},
        ),
        Fault(
            "an agent runs without the docker containerizer, and with a mount more than wanted",
            {
                "test_its_work_directory_has_the_same_path_inside@{agent}": "{agent}: mesos-slave: mounts is /sys:/sys, /tmp:/tmp, /var/lib/mesos/agent:/var/lib/mesos/agent, /var/log/mesos/agent:/var/log/mesos, /var/run/docker.sock:/var/run/docker.sock; expected /sys:/sys, /var/lib/mesos/agent:/var/lib/mesos/agent, /var/log/mesos/agent:/var/log/mesos, /var/run/docker.sock:/var/run/docker.sock; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
                "test_the_agent_runs_as_the_runbook_says@{agent}": "{agent}: mesos-slave: MESOS_CONTAINERIZERS is mesos; expected docker,mesos; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
                "test_the_agent_runs_with_the_wanted_flags@{agent}": "{agent}: the agent's flag containerizers is mesos; expected docker,mesos; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
                "test_a_docker_container_is_launched_reached_scaled_and_removed": "{agent}: 6 launches of ... failed, the last task became TASK_FAILED: Failed to launch container: None of the enabled containerizers (mesos) could create a container for the provided task; expected at most 5 (verify_failed_launches); look at `docker logs` of the leading Marathon, of the leading master and of mesos-slave on the agents",
                "test_a_docker_container_that_is_killed_has_a_successor": "{agent}: 6 launches of ... failed, the last task became TASK_FAILED: Failed to launch container: None of the enabled containerizers (mesos) could create a container for the provided task; expected at most 5 (verify_failed_launches); look at `docker logs` of the leading Marathon, of the leading master and of mesos-slave on the agents",
            },
            rerun(
                "{agent}",
                "mesos_agent",
                environment={"MESOS_CONTAINERIZERS": "mesos"},
                mounts=(("/tmp", "/tmp"),),
            ),
            told={
                "status": "{agent}  mesos_agent: MESOS_CONTAINERIZERS mesos -> docker,mesos, mount /tmp:/tmp removed",
                "plan": "{agent}  5.2 replace mesos-slave: MESOS_CONTAINERIZERS mesos -> docker,mesos, mount /tmp:/tmp removed",
            },
            untold={"preflight": DRIFT},
        ),
        Fault(
            "the agent's image lacks a program that apps need (perl, which the suite's own app is written in)",
            {
                "test_a_command_is_launched_reached_scaled_and_removed": "{agent}: ... became TASK_FAILED: Command exited with status 127; expected ...; look at `docker logs` of the leading Marathon, of the leading master and of mesos-slave on the agents",
                "test_a_command_that_is_killed_has_a_successor": "{agent}: ... became TASK_FAILED: Command exited with status 127; expected ...; look at `docker logs` of the leading Marathon, of the leading master and of mesos-slave on the agents",
            },
            shell_in("{agent}", "docker exec mesos-slave rm /usr/bin/perl"),
            untold={"status": BY_APPS, "plan": BY_APPS, "preflight": BY_APPS},
        ),
    ),
    suite=("verify",),
    shows={
        "zk_a": "follower",
        "elected": 1,
        "candidates": 3,
        "replicas": 2,
        "active": 1,
        "inactive": 0,
        "frameworks": 1,
        "leaders": 1,
    },
    codes={"status": 7, "plan": 0, "preflight": 0},
)

APART = Round(
    "masters apart",
    (
        Fault(
            "a master runs without MESOS_ZK: a second leader",
            {
                "test_exactly_one_master_is_elected_by_its_own_word": "...: each says that it is the elected master; expected exactly one elected master; compare MESOS_ZK in `docker inspect mesos-master-0N` of all masters, look at their logs",
                "test_the_candidates_in_zookeeper_are_the_masters_of_the_inventory": "{master_a}: ZooKeeper's /mesos has 0 candidates of this address; expected one; it does not run or has another MESOS_ZK or MESOS_IP; a doubled one is an old session that ends within a minute",
                "test_the_masters_run_with_the_wanted_flags": "{master_a}: the master's flag zk is None; expected zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/mesos; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
            },
            rerun("{master_a}", "mesos_master", environment={"MESOS_ZK": None}),
            heal=shell_in("{master_a}", "docker rm -f mesos-master-0$N"),
            follow=(
                "test_the_master_runs_as_the_runbook_says@{master_a}",
                "test_every_master_points_to_the_same_leader",
                "test_the_leader_can_read_its_registry",
                "test_the_replicated_log_is_recovered_everywhere",
                "test_marathon_is_exactly_one_active_framework_on_the_leading_master",
                "test_every_agent_of_the_inventory_is_active_on_the_leading_master",
                "test_no_other_agent_is_registered",
                "test_no_agent_is_registered_but_inactive",
            ),
            told={
                "status": "{master_a}  mesos_master: MESOS_ZK=zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/mesos added",
                "plan": "{master_a}  3.2 replace mesos-master-0...: MESOS_ZK=zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/mesos added",
            },
            untold={"preflight": DRIFT},
        ),
        Fault(
            "a master runs on another path in ZooKeeper: a third leader",
            {
                "test_the_masters_run_with_the_wanted_flags": "{master_b}: the master's flag zk is zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/elsewhere; expected zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/mesos; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
                "test_the_candidates_in_zookeeper_are_the_masters_of_the_inventory": "{master_b}: ZooKeeper's /mesos has 0 candidates of this address; expected one; it does not run or has another MESOS_ZK or MESOS_IP; a doubled one is an old session that ends within a minute",
                "test_the_replicated_log_is_recovered_everywhere": "{master_leader}: it sees 1 replicas of the log; expected 3, one for each master; restart the master whose replica is missing; look at its log for `replica`",
            },
            rerun("{master_b}", "mesos_master", environment={"MESOS_ZK": ELSEWHERE}),
            heal=shell_in("{master_b}", "docker rm -f mesos-master-0$N"),
            follow=("test_the_master_runs_as_the_runbook_says@{master_b}",),
            told={
                "status": "{master_b}  mesos_master: MESOS_ZK zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/elsewhere -> zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/mesos",
                "plan": "{master_b}  3.2 replace mesos-master-0...: MESOS_ZK zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/elsewhere -> zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/mesos",
            },
            untold={"preflight": DRIFT},
        ),
        Fault(
            "an agent belongs to another cluster",
            {
                "test_the_agent_runs_as_the_runbook_says@{agent}": "{agent}: mesos-slave: MESOS_MASTER is zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/elsewhere; expected zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/mesos; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
                "test_the_agent_runs_with_the_wanted_flags@{agent}": "{agent}: the agent's flag master is zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/elsewhere; expected zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/mesos; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
            },
            rerun("{agent}", "mesos_agent", environment={"MESOS_MASTER": ELSEWHERE}),
            told={
                "status": "{agent}  mesos_agent: MESOS_MASTER zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/elsewhere -> zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/mesos",
                "plan": "{agent}  5.2 replace mesos-slave: MESOS_MASTER zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/elsewhere -> zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/mesos",
                "preflight": "{agent}  warning  foreign-agent: mesos-slave is an agent of zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/elsewhere, and would take its tasks along to zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/mesos.",
            },
        ),
    ),
    shows={"elected": 3, "candidates": 1, "replicas": 1},
    codes={"status": 7, "plan": 0, "preflight": 0},
)

AGENTS_FIRST = (
    *sorted(
        (str(file.relative_to(ROOT)) for file in (ROOT / "verify").glob("test_*.py")),
        key=lambda name: ("agent" not in name, name),
    ),
    *("-m", "not journey"),
)
"""All checks, those of agents first: one that was killed is listed, as inactive, for 75 s."""

STRANGERS = Round(
    "strangers on the ports",
    (
        Fault(
            "a master is bound to the loopback address",
            {
                "test_every_master_answers_on_its_address": "{master_a}: http://{master_a}:5050 does not answer (ConnectionError); expected mesos-master to answer there; look at `docker ps -a` and at the log of mesos-master* there, at who has the port (`ss -ltnp`), and at the firewall",
                "test_every_master_points_to_the_same_leader": "{master_a}: http://{master_a}:5050 does not answer (ConnectionError); expected mesos-master to answer there; look at `docker ps -a` and at the log of mesos-master* there, at who has the port (`ss -ltnp`), and at the firewall",
                "test_the_candidates_in_zookeeper_are_the_masters_of_the_inventory": "127.0.0.1: ZooKeeper's /mesos has 1 candidates of this address; expected none: hosts.ini has no master there; it is a master of hosts.ini with another MESOS_IP, or a stranger; docs/members.md says how one leaves: Members that hosts.ini does not name",
                "test_the_master_runs_as_the_runbook_says@{master_a}": "{master_a}: mesos-master-0...: MESOS_IP is 127.0.0.1; expected {master_a}; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
            },
            rerun("{master_a}", "mesos_master", environment={"MESOS_IP": "127.0.0.1"}),
            follow=(
                "test_the_masters_run_with_the_wanted_flags",
                "test_the_replicated_log_is_recovered_everywhere",
                "test_every_master_has_the_version_of_its_image",
            ),
            told={
                "status": "{master_a}  mesos_master: MESOS_IP 127.0.0.1 -> {master_a}",
                "plan": "{master_a}  3.2 replace mesos-master-0...: MESOS_IP 127.0.0.1 -> {master_a}",
                "preflight": "warning  flow: it cannot reach {master_a}:5050 (refused): its service listens on the loopback address alone. Have it listen on its host's own address: `fab plan` shows whether a deploy does that.",
            },
        ),
        Fault(
            "something else listens on Marathon's port",
            {
                "test_marathon_runs_as_the_runbook_says@{marathon_a}": "{marathon_a}: no container marathon-... (...); port 8080 is taken by python3 (pid ...); expected it to run; stop that process, then `fab deploy-cluster` runs it",
                "test_every_marathon_answers_on_its_port": '{marathon_a}: http://{marathon_a}:8080/ping says 404: \'<!DOCTYPE HTML>\\n<html lang="en">\\n <head>\\n <meta charset="utf-8">\\n \'; expected pong; something else may listen there: see `ss -ltnp` and `docker logs marathon-...`',
            },
            together(
                shell_in("{marathon_a}", "docker stop -t 2 marathon-$N; docker rm marathon-$N"),
                python_in("{marathon_a}", "stranger", STRANGER),
            ),
            heal=shell_in("{marathon_a}", "docker rm -f stranger"),
            told={
                "status": "{marathon_a}  marathon: marathon-...: port 8080 is taken by python3 (pid ...)",
                "plan": "{marathon_a}  4.1 marathon-...: port 8080 is taken by python3 (pid ...) of the container stranger. Stop that container (docker stop stranger).",
                "preflight": "{marathon_a}  error  port: marathon-...: port 8080 is taken by python3 (pid ...) of the container stranger. Stop that container (docker stop stranger).",
                "deploy": "{marathon_a}  error  port: marathon-...: port 8080 is taken by python3 (pid ...) of the container stranger. Stop that container (docker stop stranger).",
            },
        ),
        Fault(
            "a standby answers itself instead of forwarding to the leader, and is of another version",
            {
                "test_a_standby_forwards_to_the_leader": "{marathon_b}: its answer came via nobody, and names {marathon_leader}:8080 as leader; expected a leader to answer itself and a standby to forward; something else may listen there: see `ss -ltnp` and `docker logs marathon-...`",
                "test_every_marathon_has_the_version_of_its_image": "{marathon_b}: lab/marathon-stand-in:1.5.8 turns out to be version 1.5.7; expected 1.5.8; somebody gave that name to another image: `docker rmi -f` it there, then pull lab/marathon-stand-in:1.5.8",
            },
            together(
                shell_in("{marathon_b}", "docker stop -t 2 marathon-$N; docker rm marathon-$N"),
                python_in("{marathon_b}", "stranger", NO_PROXY),
            ),
            follow=("test_marathon_runs_as_the_runbook_says@{marathon_b}",),
            heal=shell_in("{marathon_b}", "docker rm -f stranger"),
            told={
                "status": "{marathon_b}  marathon: marathon-...: port 8080 is taken by python3 (pid ...)",
                "plan": "{marathon_b}  4.1 marathon-...: port 8080 is taken by python3 (pid ...) of the container stranger. Stop that container (docker stop stranger).",
                "preflight": "{marathon_b}  error  port: marathon-...: port 8080 is taken by python3 (pid ...) of the container stranger. Stop that container (docker stop stranger).",
                "deploy": "{marathon_b}  error  port: marathon-...: port 8080 is taken by python3 (pid ...) of the container stranger. Stop that container (docker stop stranger).",
            },
        ),
        Fault(
            "Marathon is up and leads, and is not registered: it looks for masters on another path",
            {
                "test_marathon_is_exactly_one_active_framework_on_the_leading_master": "{master_leader}: the leading master has the active frameworks none called marathon, Marathon says it is ...; expected exactly one, Marathon's own; with none, look at --master and --framework_name of the leading Marathon and at its log; with several, stop the one that is not of hosts.ini",
                "test_marathon_runs_as_the_runbook_says@{marathon_leader}": "{marathon_leader}: marathon-...: arguments is --master zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/elsewhere --zk zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/marathon; expected --master zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/mesos --zk zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/marathon; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
            },
            rerun(
                "{marathon_leader}", "marathon", arguments=lambda word: word.replace("/mesos", "/elsewhere")
            ),
            # A deploy would wait for the standbys it has started, and they for this leader to register.
            heal=shell_in("{marathon_leader}", "docker rm -f marathon-$N"),
            told={
                "status": "{marathon_leader}  marathon: argument --master zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/elsewhere -> zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/mesos",
                "plan": "{marathon_leader}  4.1 replace marathon-...: argument --master zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/elsewhere -> zk://10.70.0.10:2181,10.70.0.11:2181,10.70.0.12:2181/mesos",
            },
            untold={"preflight": DRIFT},
        ),
        Fault(
            "an agent was deactivated: its process was killed",
            {
                "test_every_agent_of_the_inventory_is_active_on_the_leading_master": "{agent}: agent {agent}:5051 is registered but not active; expected every registered agent to be connected; look at `docker logs mesos-slave` there; if its host is gone, wait: it is removed after about 75 s",
                "test_no_agent_is_registered_but_inactive": "{agent}: agent {agent}:5051 is registered but not active; expected every registered agent to be connected; look at `docker logs mesos-slave` there; if its host is gone, wait: it is removed after about 75 s",
                "test_the_agent_runs_as_the_runbook_says@{agent}": "{agent}: mesos-slave is exited (exit code 137 ...; expected it to run; look at `docker logs mesos-slave` there; `fab deploy-cluster` starts it, or says what is in the way",
                "test_the_agent_has_the_version_of_its_image@{agent}": "{agent}: http://{agent}:5051 does not answer (ConnectionError); expected mesos-slave to answer there; look at `docker ps -a` and at the log of mesos-slave* there, at who has the port (`ss -ltnp`), and at the firewall",
            },
            shell_in("{agent}", "docker kill mesos-slave"),
            follow=("test_the_agent_runs_with_the_wanted_flags@{agent}",),
            told={
                "status": "{agent}  mesos-slave is not well: it is exited (last at ... UTC with exit code 137). A deploy mends that.",
                "plan": "{agent}  5.2 start mesos-slave: it is exited (last at ... UTC with exit code 137)",
                "preflight": "{agent}  warning  unwell: mesos-slave: it is exited (last at ... UTC with exit code 137). The deploy mends that.",
            },
        ),
    ),
    suite=AGENTS_FIRST,
    shows={
        "elected": 1,
        "candidates": 3,
        "replicas": 3,
        "inactive": 1,
        "frameworks": 0,
        "marathons": 2,
        "leaders": 1,
    },
    codes={"status": 7, "plan": 6, "preflight": 6, "deploy": 6},
)

NEVER_DEPLOYED = Round(
    "another inventory",
    (
        Fault(
            "a host is in the inventory, but nothing was ever deployed there",
            {
                "test_the_agent_runs_as_the_runbook_says@10.70.0.12": "10.70.0.12: no container mesos-slave (Error: No such container: mesos-slave); expected it to run; `fab deploy-cluster` runs it, or says what is in the way",
                "test_the_agent_has_the_version_of_its_image@10.70.0.12": "10.70.0.12: http://10.70.0.12:5051 does not answer (ConnectionError); expected mesos-slave to answer there; look at `docker ps -a` and at the log of mesos-slave* there, at who has the port (`ss -ltnp`), and at the firewall",
                "test_every_agent_of_the_inventory_is_active_on_the_leading_master": "10.70.0.12: the leading master ... has no active agent 10.70.0.12:5051; expected it to be registered and active; look at `docker logs mesos-slave` there, and at its MESOS_MASTER",
            },
            nothing,
            follow=(
                "test_the_agent_runs_with_the_wanted_flags@10.70.0.12",
                "test_its_work_directory_has_the_same_path_inside@10.70.0.12",
            ),
            told={
                "status": "10.70.0.12 ... mesos-slave ... absent",
                "plan": "10.70.0.12  5.2 run mesos-slave: no such container",
            },
            untold={"preflight": ABSENT},
        ),
        Fault(
            "a container of ours runs on a host that is not in the inventory",
            {
                "test_no_other_agent_is_registered": "{agent}: an agent {agent}:5051 is registered as ...; expected only the agents of hosts.ini; add its host to [mesos_agent] of hosts.ini, or drain it and have it unregister: docs/members.md says how one leaves: Members that hosts.ini does not name"
            },
            nothing,
            told={
                "status": "the leading master counts the agent {agent}:5051 as active, with 0 tasks, and hosts.ini has none there.",
                "plan": "the leading master counts the agent {agent}:5051 as active, with 0 tasks, and hosts.ini has none there. Put it back into [mesos_agent] of hosts.ini; or, to remove it, into [mesos_agent] and [removed], and deploy: that moves its tasks and takes it out",
                "preflight": "{agent}  warning  stranger: the leading master counts the agent {agent}:5051 as active, with 0 tasks, and hosts.ini has none there.",
            },
        ),
    ),
    suite=("verify/test_host.py", "verify/test_mesos_agent.py", "verify/test_mesos_agents.py"),
    edit=lambda text: text.replace("[mesos_agent]\n10.70.0.20", "[mesos_agent]\n10.70.0.12"),
    shows={},
    codes={"status": 7, "plan": 0, "preflight": 0},
)

ENSEMBLE = ("verify/test_zookeeper.py", "verify/test_zookeeper_ensemble.py")
MASTERS = ("verify/test_mesos_master.py", "verify/test_mesos_masters.py")

SILENT = (
    "test_exactly_one_leads_and_all_others_follow",
    "test_every_member_goes_by_its_own_id",
    "test_every_member_runs_with_the_settings_of_the_inventory",
    "test_all_followers_are_in_sync_with_the_leader",
    "test_what_is_written_through_one_member_is_read_through_every_other",
    "test_a_session_survives_when_it_moves_from_member_to_member",
)
"""What fails with a member that does not serve."""

STOPPED = Round(
    "processes stopped",
    (
        Fault(
            "a ZooKeeper member is stopped",
            {
                "test_the_container_runs@{zk_a}": "{zk_a}: zookeeper is exited (exit code ...; expected it to run; look at `docker logs zookeeper` there; `fab deploy-cluster` starts it, or says what is in the way",
                "test_every_member_serves": "{zk_a}: ZooKeeper says to srvr: no answer; expected it to serve; look at `docker logs zookeeper` there",
                "test_exactly_one_leads_and_all_others_follow": "{zk_a}: ZooKeeper says to srvr: no answer; expected it to serve; look at `docker logs zookeeper` there",
                "test_all_followers_are_in_sync_with_the_leader": "{zk_a}: ZooKeeper says to srvr: no answer; expected it to serve; look at `docker logs zookeeper` there",
            },
            shell_in("{zk_a}", "docker stop -t 30 zookeeper"),
            follow=SILENT,
            told={
                "status": "{zk_a}  zookeeper is not well: it is exited (last at ... UTC with exit code 143). A deploy mends that.",
                "plan": "{zk_a}  2.5 start zookeeper: it is exited (last at ... UTC with exit code 143)",
                "preflight": "{zk_a}  warning  unwell: zookeeper: it is exited (last at ... UTC with exit code 143). The deploy mends that.",
                "deploy": "{zk_a}  2.5 start zookeeper  changed",
            },
        ),
        Fault(
            "two of three masters are stopped and the third was restarted: no majority of the log",
            {
                "test_the_leader_can_read_its_registry": "{master_leader}: GET_HEALTH says 503, the registry is not read; expected the leader to have read its registry; no majority of the log may answer it: see `docker logs mesos-master-0...`",
                "test_the_master_runs_as_the_runbook_says@{master_a}": "{master_a}: mesos-master-0... is exited (exit code 137 ...; expected it to run; look at `docker logs mesos-master-0...` there; `fab deploy-cluster` starts it, or says what is in the way",
                "test_every_master_answers_on_its_address": "{master_b}: http://{master_b}:5050 does not answer (ConnectionError); expected mesos-master to answer there; look at `docker ps -a` and at the log of mesos-master* there, at who has the port (`ss -ltnp`), and at the firewall",
            },
            together(
                shell_in("{master_a}", "docker kill mesos-master-0$N"),
                shell_in("{master_b}", "docker kill mesos-master-0$N"),
                shell_in("{master_leader}", "docker restart -t 0 mesos-master-0$N"),
            ),
            follow=(
                "test_the_master_runs_as_the_runbook_says@{master_b}",
                "test_the_candidates_in_zookeeper_are_the_masters_of_the_inventory",
                "test_every_master_points_to_the_same_leader",
                "test_the_masters_run_with_the_wanted_flags",
                "test_the_replicated_log_is_recovered_everywhere",
                "test_every_master_has_the_version_of_its_image",
            ),
            told={
                "status": "{master_a}  mesos-master-0... is not well: it is exited (last at ... UTC with exit code 137). A deploy mends that.",
                "plan": "{master_a}  3.2 start mesos-master-0...: it is exited (last at ... UTC with exit code 137)",
                "preflight": "{master_a}  warning  unwell: mesos-master-0...: it is exited (last at ... UTC with exit code 137). The deploy mends that.",
                "deploy": "{master_b}  3.2 start mesos-master-0...  changed",
            },
        ),
    ),
    suite=(*ENSEMBLE, *MASTERS),
    shows={"zk_a": "no answer", "elected": 1, "candidates": 1, "replicas": 1},
    codes={"status": 7, "plan": 0, "preflight": 0, "deploy": 0},
)

STANDALONE = Round(
    "a member alone",
    (
        Fault(
            "a member runs standalone, and with another tick: its zoo.cfg has no server list",
            {
                "test_exactly_one_leads_and_all_others_follow": "...: they are: ...{zk_a} standalone...; expected one leader and 2 followers; compare zoo.cfg of all members, look at `docker logs zookeeper`: a member that is apart has another server list or cannot be reached on its peer ports",
                "test_every_member_goes_by_its_own_id": "{zk_a}: it goes by the id 0; expected ..., its myid; compare its data/myid and server list with hosts.ini: a standalone member goes by 0",
                "test_every_member_runs_with_the_settings_of_the_inventory": "{zk_a}: it runs with tickTime=3000; expected 2000; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
                "test_what_is_written_through_one_member_is_read_through_every_other": "...: what was written through ... is read here as NoNodeError; expected the same through every member; compare zoo.cfg of all members, look at `docker logs zookeeper`: a member that is apart has another server list or cannot be reached on its peer ports",
                "test_zoo_cfg_lists_the_members_of_the_inventory@{zk_a}": "{zk_a}: /opt/zookeeper/conf/zoo.cfg says server.1=, server.2=, server.3=; expected server.1=10.70.0.10:2888:3888, server.2=10.70.0.11:2888:3888, server.3=10.70.0.12:2888:3888; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it",
            },
            set_apart("{zk_a}", "/^server/d; s/^tickTime=.*/tickTime=3000/"),
            follow=(
                "test_zoo_cfg_holds_the_settings_of_the_inventory@{zk_a}",
                "test_all_followers_are_in_sync_with_the_leader",
                "test_a_session_survives_when_it_moves_from_member_to_member",
            ),
            heal=as_before("{zk_a}"),
            told={
                "status": "ZooKeeper: {zk_a} runs standalone, outside the ensemble.",
                "plan": "{zk_a}  2.5 replace zookeeper: zoo.cfg: edited by hand: tickTime 3000 -> 2000, server.1=10.70.0.10:2888:3888 added",
                "deploy": "{zk_a}  2.5 replace zookeeper  changed",
            },
            untold={"preflight": DRIFT},
        ),
    ),
    suite=ENSEMBLE,
    shows={"zk_a": "standalone"},
    codes={"status": 7, "plan": 0, "preflight": 0, "deploy": 0},
)

TWO_ENSEMBLES = Round(
    "two ensembles",
    (
        Fault(
            "there are two separate ensembles: a member has found others (one more on its own host)",
            {
                "test_exactly_one_leads_and_all_others_follow": "...: they are: ...{zk_a} leader...; expected one leader and 2 followers; compare zoo.cfg of all members, look at `docker logs zookeeper`: a member that is apart has another server list or cannot be reached on its peer ports",
                "test_all_followers_are_in_sync_with_the_leader": "...: 1 and 1 followers are in sync; expected one leader with 2 followers in sync; compare zoo.cfg of all members, look at `docker logs zookeeper`: a member that is apart has another server list or cannot be reached on its peer ports",
                "test_a_session_survives_when_it_moves_from_member_to_member": "...: a session that moves here is lost; expected it to live on; compare zoo.cfg of all members, look at `docker logs zookeeper`: a member that is apart has another server list or cannot be reached on its peer ports",
                "test_what_is_written_through_one_member_is_read_through_every_other": "...: what was written through ... is read here as NoNodeError; expected the same through every member; compare zoo.cfg of all members, look at `docker logs zookeeper`: a member that is apart has another server list or cannot be reached on its peer ports",
            },
            together(
                shell_in("{zk_a}", SECOND_MEMBER),
                set_apart(
                    "{zk_a}", "/^server/d", "echo server.$N=$HOST:2888:3888; echo server.9=$HOST:2889:3889"
                ),
            ),
            follow=("test_zoo_cfg_lists_the_members_of_the_inventory@{zk_a}",),
            heal=together(shell_in("{zk_a}", "docker rm -f second"), as_before("{zk_a}")),
            told={
                "status": "ZooKeeper: ... lead at the same time. A deploy would be refused: `fab plan` tells why.",
                "plan": "{zk_a}  2.2 zoo.cfg: its ensemble has the ids ..., 9, hosts.ini 1, 2, 3: those that stay could lack what the others wrote. Most members serve by the list of hosts.ini without it: if what it took apart from them may be lost, docker stop zookeeper there and empty /opt/zookeeper/data/version-2; a deploy then has it copy theirs.",
                "preflight": "{zk_a}  error  members: zoo.cfg: its ensemble has the ids ..., 9, hosts.ini 1, 2, 3: those that stay could lack what the others wrote. Most members serve by the list of hosts.ini without it: if what it took apart from them may be lost, docker stop zookeeper there and empty /opt/zookeeper/data/version-2; a deploy then has it copy theirs.",
                "deploy": "{zk_a}  error  members: zoo.cfg: its ensemble has the ids ..., 9, hosts.ini 1, 2, 3: those that stay could lack what the others wrote. Most members serve by the list of hosts.ini without it: if what it took apart from them may be lost, docker stop zookeeper there and empty /opt/zookeeper/data/version-2; a deploy then has it copy theirs.",
            },
        ),
    ),
    suite=ENSEMBLE,
    shows={"zk_a": "leader", "zk_leader": "leader"},
    codes={"status": 7, "plan": 6, "preflight": 6, "deploy": 6},
)

TOO_MANY = Round(
    "one member too many",
    (
        Fault(
            "a ZooKeeper that hosts.ini does not name follows the leader",
            {
                "test_no_other_member_follows_the_leader": "{zk_leader}: 3 members follow the leader; expected 2, the other members of hosts.ini; `ss -tn 'sport = :2888'` there shows from where they come; docs/members.md says how one leaves: Members that hosts.ini does not name",
            },
            shell_in("{zk_a}", FOURTH_MEMBER),
            heal=shell_in("{zk_a}", "docker rm -f fourth"),
            told={
                "status": "more than a ZooKeeper on {zk_a} follows the leader {zk_leader}, and hosts.ini has one there.",
                "plan": "more than a ZooKeeper on {zk_a} follows the leader {zk_leader}, and hosts.ini has one there. Stop it for good there: ",
                "preflight": "{zk_a}  warning  stranger: more than a ZooKeeper on {zk_a} follows the leader {zk_leader}, and hosts.ini has one there.",
                "deploy": "3 of 3 ZooKeepers serve, {zk_leader} leads; 1 more follow it.",
            },
        ),
    ),
    suite=ENSEMBLE,
    shows={"zk_a": "follower", "zk_leader": "leader", "learners": 3},
    codes={"status": 8, "plan": 0, "preflight": 0, "deploy": 0},
)

CUT_OFF = Round(
    "up, but not serving",
    (
        Fault(
            "a member is up, but does not serve: a firewall closes the port on which members elect",
            {
                "test_every_member_serves": "{zk_a}: ZooKeeper says to srvr: This ZooKeeper instance is not currently serving requests; expected it to serve; look at `docker logs zookeeper` there; `fab preflight` looks for a closed port",
            },
            together(
                shell_in(
                    "{zk_a}",
                    "for chain in INPUT OUTPUT; do iptables -I $chain -p tcp --dport 3888 -j REJECT; done",
                ),
                shell_in("{zk_a}", "docker restart -t 3 zookeeper"),
            ),
            follow=SILENT,
            heal=together(
                shell_in(
                    "{zk_a}",
                    "for chain in INPUT OUTPUT; do iptables -D $chain -p tcp --dport 3888 -j REJECT; done",
                ),
            ),
            told={
                "status": "ZooKeeper: 2 of 3 ZooKeepers serve, {zk_leader} leads; {zk_a} runs but does not serve. A deploy would find nothing to change. `fab preflight` looks for what keeps it so, such as a closed port.",
                "plan": "ZooKeeper: 2 of 3 ZooKeepers serve, {zk_leader} leads; {zk_a} runs but does not serve.",
                "preflight": "{zk_a}  warning  flow: it cannot reach ...:3888, ...:3888 (refused, although its service runs and listens): a firewall rejects it",
            },
        ),
    ),
    suite=ENSEMBLE,
    shows={"zk_a": "This ZooKeeper instance is not currently serving requests"},
    codes={"status": 7, "plan": 7, "preflight": 0},
)

SAME_ID = Round(
    "the same id twice",
    (
        Fault(
            "two members have the same myid",
            {
                "test_myid_is_the_inventorys@{zk_a}": "{zk_a}: /opt/zookeeper/data/myid says '...'; expected ..., the myid of hosts.ini; an id is never changed under existing data: `fab plan` compares all members and says which of the two is wrong; if it is missing, `fab deploy-zookeeper` writes it",
                "test_every_member_serves": "{zk_a}: ZooKeeper says to srvr: ...; expected it to serve; look at `docker logs zookeeper` there",
            },
            lambda who: shell_in(
                "{zk_a}",
                f"echo {TRIO.index(who['zk_b']) + 1} > /opt/zookeeper/data/myid; docker restart -t 3 zookeeper",
            )(who),
            follow=SILENT,
            # It ends again and again, perhaps just while it is looked at.
            may=(
                "test_the_container_runs@{zk_a}",
                "test_its_configuration_and_data_live_on_the_host@{zk_a}",
            ),
            heal=shell_in("{zk_a}", "echo $N > /opt/zookeeper/data/myid; docker restart -t 3 zookeeper"),
            told={
                "status": "{zk_a}  zookeeper: myid: /opt/zookeeper/data/myid says '...', hosts.ini says '...'; the other members know this address as ",
                "plan": "{zk_a}  2.3 myid: /opt/zookeeper/data/myid says '...', hosts.ini says '...'; the other members know this address as ... the data seem to be a copy of member ...'s: docker stop zookeeper there",
                "preflight": "{zk_a}  error  myid: /opt/zookeeper/data/myid says '...', hosts.ini says '...'; the other members know this address as ",
                "deploy": "{zk_a}  error  myid: /opt/zookeeper/data/myid says '...', hosts.ini says '...'; the other members know this address as ",
            },
        ),
    ),
    suite=ENSEMBLE,
    codes={"status": 7, "plan": 6, "preflight": 6, "deploy": 6},
)

EVERY_LAUNCH = "{agent}: 6 launches of ... failed, the last task became TASK_FAILED: Failed to launch container: Failed to run 'docker -H unix:///var/run/docker.sock inspect mesos-...': exited with status 1; stderr='Error: No such object: mesos-...; expected at most 5 (verify_failed_launches); look at `docker logs` of the leading Marathon, of the leading master and of mesos-slave on the agents"

LAUNCHES = Round(
    "launches that fail",
    (
        Fault(
            "every launch of a docker task fails, as now and then one does by a race inside Mesos",
            {
                "test_a_docker_container_is_launched_reached_scaled_and_removed": EVERY_LAUNCH,
                "test_a_docker_container_that_is_killed_has_a_successor": EVERY_LAUNCH,
            },
            lambda who: fail_launches(who["agent"], 1000),
            heal=lambda who: fail_launches(who["agent"], 0),
            untold={"status": BY_APPS, "plan": BY_APPS, "preflight": BY_APPS},
        ),
    ),
    suite=("verify/test_journey.py",),
    codes={"status": 0, "plan": 0, "preflight": 0},
)

ROUNDS = (
    BY_HAND,
    CONTAINERS,
    APART,
    STRANGERS,
    NEVER_DEPLOYED,
    STOPPED,
    STANDALONE,
    TWO_ENSEMBLES,
    TOO_MANY,
    CUT_OFF,
    SAME_ID,
    LAUNCHES,
)

EXEMPT = {
    **dict.fromkeys(
        (
            "test_the_masters_ask_strangers_for_a_password_if_hosts_ini_says_so",
            "test_the_agents_ask_strangers_for_a_password_if_hosts_ini_says_so",
            "test_the_marathons_ask_strangers_for_a_password_if_hosts_ini_says_so",
        ),
        "the lab is open; a member with other doors than hosts.ini says has other variables, which are a fault of "
        "another check. A unit test has doors that stand open",
    ),
    "test_strangers_may_not_change_the_masters_tree_if_hosts_ini_says_so": "the lab is open; a lab test has the "
    "suite ask a tree that is closed",
    "test_members_turn_away_who_proves_nothing_if_hosts_ini_says_so": "the lab is open. A unit test has members that "
    "let somebody stay",
    **dict.fromkeys(
        (
            "test_the_leading_master_is_killed",
            "test_the_leading_marathon_is_killed",
            "test_the_zookeeper_leader_is_killed",
            "test_zookeeper_is_away_for_half_a_minute",
            "test_a_whole_host_is_powered_off",
        ),
        "kills a leader, takes ZooKeeper away or powers a host off, and fails after minutes of waiting if the "
        "cluster does not heal: what could keep it from healing is a fault of another check",
    ),
}
"""Checks without a fault of their own, and why."""
