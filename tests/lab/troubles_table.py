# ruff: noqa: E501 (a table: the sentences stand as they are told)
"""More of what can be wrong, and what status, plan, preflight, deploy and suite say of it: never two things.

Faults are those of `faults_table`; these are about members that are there and not well.
"""

from __future__ import annotations

from faults_table import ABSENT, SILENT, Fault, Round
from planting import Plant, rerun, shell_in, together

from lab.faults import start, stop

MENDED = "A deploy mends that."

MASTER_SILENT = (
    "test_every_master_points_to_the_same_leader",
    "test_the_masters_run_with_the_wanted_flags",
    "test_the_replicated_log_is_recovered_everywhere",
    "test_every_master_has_the_version_of_its_image",
)
"""What fails with a master that does not answer."""

AGENT_SILENT = (
    "test_the_agent_runs_with_the_wanted_flags@{agent}",
    "test_the_agent_has_the_version_of_its_image@{agent}",
)
"""What fails with an agent that does not answer."""

MASTER_WORK, AGENT_WORK = "/var/lib/mesos/master", "/var/lib/mesos/agent"


NO_OTHERS = ("verify", "-m", "not journey", "-k")
"""Only the checks that follow: each that asks a member which answers nothing waits for 20 s."""


def read_only(where: str, path: str) -> Plant:
    """Have a directory of a host become read-only, as a file system with errors does."""
    return shell_in(where, f"mount --bind {path} {path}; mount -o remount,bind,ro {path}")


def full(where: str, container: str, path: str) -> Plant:
    """Give a container a file system with less than 100 MB for one of its directories."""
    return shell_in(
        where,
        f"docker stop -t 2 {container}; mkdir -p /tmp/kept; rm -rf /tmp/kept/*; cp -a {path}/. /tmp/kept/;"
        f"mount -t tmpfs -o size=90m none {path}; cp -a /tmp/kept/. {path}/; chown --reference=/tmp/kept {path};"
        f"docker start {container}",
    )


def roomy(where: str, container: str, path: str) -> Plant:
    """Undo `full`."""
    return shell_in(where, f"docker stop -t 2 {container}; umount {path}; docker start {container}")


def unmount(where: str, path: str) -> Plant:
    """Undo `read_only`."""
    return shell_in(where, f"umount {path}")


def signal(where: str, container: str, name: str) -> Plant:
    """Send a signal to every process of a container, past docker."""
    return shell_in(where, f"kill -{name} $(docker top {container} -o pid | tail -n +2)")


REMOVED = Round(
    "directories removed under their members",
    (
        Fault(
            "a master's work_dir was removed",
            {
                "test_the_masters_log_and_registry_live_on_the_host@{master_b}": f"{{master_b}}: mesos-master-0... does not see {MASTER_WORK}: it was removed or replaced after the start; expected the host's {MASTER_WORK} as /var/tmp/mesos; `fab plan` shows what differs, and whether `fab deploy-cluster` mends it"
            },
            shell_in("{master_b}", f"rm -rf {MASTER_WORK}"),
            told={
                "status": f"{{master_b}}  mesos-master-0... is not well: it does not see {MASTER_WORK}, which was removed or replaced after its start. {MENDED}",
                "plan": f"{{master_b}}  3.2 replace mesos-master-0...: it does not see {MASTER_WORK}, which was removed or replaced after its start",
                "preflight": f"{{master_b}}  warning  unwell: mesos-master-0...: it does not see {MASTER_WORK}",
            },
        ),
        Fault(
            "an agent's work_dir was removed",
            {
                "test_its_work_directory_has_the_same_path_inside@{agent}": f"{{agent}}: mesos-slave does not see {AGENT_WORK}: it was removed or replaced after the start"
            },
            shell_in("{agent}", f"rm -rf {AGENT_WORK}"),
            told={
                "status": f"{{agent}}  mesos-slave is not well: it does not see {AGENT_WORK}, which was removed or replaced after its start. {MENDED}",
                "plan": f"{{agent}}  5.2 replace mesos-slave: it does not see {AGENT_WORK}, which was removed or replaced after its start  (ends its 0 tasks and makes it a new agent)",
                "preflight": f"{{agent}}  warning  unwell: mesos-slave: it does not see {AGENT_WORK}",
            },
        ),
        Fault(
            "ZooKeeper's directory for logs was removed",
            {
                "test_the_directory_exists@{zk_b}": "{zk_b}: /opt/zookeeper/logs is no directory; expected one",
                "test_its_configuration_and_data_live_on_the_host@{zk_b}": "{zk_b}: zookeeper does not see /opt/zookeeper/logs: it was removed or replaced after the start",
            },
            shell_in("{zk_b}", "rm -rf /opt/zookeeper/logs"),
            told={
                "status": f"{{zk_b}}  zookeeper is not well: it does not see /opt/zookeeper/logs, which was removed or replaced after its start. {MENDED}",
                "plan": "{zk_b}  2.5 replace zookeeper: it does not see /opt/zookeeper/logs",
                "preflight": "{zk_b}  warning  unwell: zookeeper: it does not see /opt/zookeeper/logs",
            },
        ),
    ),
    codes={"status": 7, "plan": 0, "preflight": 0, "deploy": 0},
)

READ_ONLY = Round(
    "directories that are read-only",
    (
        Fault(
            "a ZooKeeper's data are read-only",
            {
                "test_its_configuration_and_data_live_on_the_host@{zk_b}": "{zk_b}: zookeeper cannot write to /opt/zookeeper/data: that is read-only; expected it to be writable; remount it"
            },
            read_only("{zk_b}", "/opt/zookeeper/data"),
            heal=unmount("{zk_b}", "/opt/zookeeper/data"),
            told={
                "status": "{zk_b}  zookeeper is not well: /opt/zookeeper/data is read-only for it. Remount it read-write",
                "plan": "{zk_b}  2.5 zookeeper is not well: /opt/zookeeper/data is read-only for it",
                "preflight": "{zk_b}  error  read-only: zookeeper: /opt/zookeeper/data is read-only for it",
                "deploy": "{zk_b}  2.5 zookeeper is not well: /opt/zookeeper/data is read-only for it",
            },
        ),
        Fault(
            "a master's work_dir is read-only",
            {
                "test_the_masters_log_and_registry_live_on_the_host@{master_a}": f"{{master_a}}: mesos-master-0... cannot write to {MASTER_WORK}: that is read-only"
            },
            read_only("{master_a}", MASTER_WORK),
            heal=unmount("{master_a}", MASTER_WORK),
            told={
                "status": f"{{master_a}}  mesos-master-0... is not well: {MASTER_WORK} is read-only for it",
                "plan": f"{{master_a}}  3.2 mesos-master-0... is not well: {MASTER_WORK} is read-only for it",
                "preflight": f"{{master_a}}  error  read-only: mesos-master-0...: {MASTER_WORK} is read-only for it",
            },
        ),
        Fault(
            "an agent's work_dir is read-only",
            {
                "test_its_work_directory_has_the_same_path_inside@{agent}": f"{{agent}}: mesos-slave cannot write to {AGENT_WORK}: that is read-only"
            },
            read_only("{agent}", AGENT_WORK),
            heal=unmount("{agent}", AGENT_WORK),
            told={
                "status": f"{{agent}}  mesos-slave is not well: {AGENT_WORK} is read-only for it",
                "plan": f"{{agent}}  5.2 mesos-slave is not well: {AGENT_WORK} is read-only for it",
                "preflight": f"{{agent}}  error  read-only: mesos-slave: {AGENT_WORK} is read-only for it",
            },
        ),
    ),
    codes={"status": 7, "plan": 7, "preflight": 6, "deploy": 7},
)

FULL = Round(
    "directories that are full",
    (
        Fault(
            "a ZooKeeper's disk is full",
            {
                "test_its_configuration_and_data_live_on_the_host@{zk_b}": "{zk_b}: /opt/zookeeper/data is full: ... MB are left; expected at least 100 MB; free some space there"
            },
            full("{zk_b}", "zookeeper", "/opt/zookeeper/data"),
            heal=roomy("{zk_b}", "zookeeper", "/opt/zookeeper/data"),
            told={
                "status": "{zk_b}  zookeeper is not well: /opt/zookeeper/data is full: ... MB are left, it needs 100. Free some space there.",
                "plan": "{zk_b}  2.5 zookeeper is not well: /opt/zookeeper/data is full",
                "preflight": "{zk_b}  error  disk: /opt/zookeeper/data has 0.1 GB free",
                "deploy": "{zk_b}  2.5 zookeeper is not well: /opt/zookeeper/data is full",
            },
        ),
        Fault(
            "an agent's disk is full",
            {
                "test_its_work_directory_has_the_same_path_inside@{agent}": f"{{agent}}: {AGENT_WORK} is full: ... MB are left"
            },
            full("{agent}", "mesos-slave", AGENT_WORK),
            heal=roomy("{agent}", "mesos-slave", AGENT_WORK),
            told={
                "status": f"{{agent}}  mesos-slave is not well: {AGENT_WORK} is full: ... MB are left, it needs 100",
                "plan": f"{{agent}}  5.2 mesos-slave is not well: {AGENT_WORK} is full",
                "preflight": f"{{agent}}  error  disk: {AGENT_WORK} has 0.1 GB free",
            },
        ),
    ),
    codes={"status": 7, "plan": 7, "preflight": 6, "deploy": 7},
)

ENDING = Round(
    "members that end again and again",
    (
        Fault(
            "a Marathon's port was taken while it was down",
            {
                "test_every_marathon_answers_on_its_port": "{marathon_b}: http://{marathon_b}:8080 does not answer (...); expected marathon to answer there"
            },
            shell_in(
                "{marathon_b}",
                "docker stop -t 2 marathon-$N; setsid nc -lk $HOST 8080 </dev/null >/dev/null 2>&1 & docker start marathon-$N",
            ),
            may=(
                "test_marathon_runs_as_the_runbook_says@{marathon_b}",
            ),  # it runs for a moment, now and then
            heal=shell_in("{marathon_b}", "pkill -x nc"),
            told={
                "status": "{marathon_b}  marathon-... is not well: port 8080 is taken by nc (pid ...). Stop that process",
                "plan": "{marathon_b}  4.1 marathon-...: port 8080 is taken by nc (pid ...)",
                "preflight": "{marathon_b}  error  port: marathon-...: port 8080 is taken by nc (pid ...)",
                "deploy": "{marathon_b}  ...marathon-...: port 8080 is taken by nc (pid ...)",
            },
        ),
        Fault(
            "the newest log of a ZooKeeper is cut short",
            {
                "test_every_member_serves": "{zk_a}: ZooKeeper says to srvr: no answer; expected it to serve",
            },
            shell_in(
                "{zk_a}",
                "docker stop -t 3 zookeeper; cd /opt/zookeeper/data/version-2;"
                " cp -a . /tmp/version-2; rm -f snapshot.*; for log in log.*; do truncate -s 9 $log; done; docker start zookeeper",
            ),
            may=("test_the_container_runs@{zk_a}",),
            heal=shell_in(
                "{zk_a}",
                "docker stop -t 3 zookeeper; rm -rf /opt/zookeeper/data/version-2; cp -a /tmp/version-2 /opt/zookeeper/data/; rm -rf /tmp/version-2; docker start zookeeper",
            ),
            told={
                "status": "{zk_a}  zookeeper is not well: it ends again and again (... times in 5 minutes, last at ... UTC",
                "plan": "{zk_a}  2.5 zookeeper is not well: it ends again and again",
                "preflight": "{zk_a}  warning  unwell: zookeeper: it ends again and again",
            },
        ),
        Fault(
            "an agent was run by hand with another attribute: it refuses its work_dir",
            {
                "test_the_agent_runs_as_the_runbook_says@{agent}": "{agent}: mesos-slave: MESOS_ATTRIBUTES is rack:z; expected none",
                "test_every_agent_of_the_inventory_is_active_on_the_leading_master": "{agent}: ... active...; expected ... to be ",
            },
            rerun("{agent}", "mesos_agent", environment={"MESOS_ATTRIBUTES": "rack:z"}),
            told={
                "status": "{agent}  mesos-slave is not well: it ends again and again (... times in 5 minutes, last at ... UTC...): the agent refuses its work_dir: its address, resources or attributes are not those of before (...Incompatible agent info...). A deploy mends that.",
                "plan": "{agent}  5.2 replace mesos-slave: ",
                "preflight": "{agent}  warning  unwell: mesos-slave: it ends again and again",
            },
        ),
    ),
    suite=(
        *NO_OTHERS,
        "test_the_container_runs or every_member_serves or runs_as_the_runbook_says or every_agent_of or marathon_answers",
    ),
    codes={"status": 7, "plan": 6, "preflight": 6, "deploy": 6},
)

MARATHONS_END = tuple(f"test_marathon_runs_as_the_runbook_says@{{marathon_{one}}}" for one in ("leader", "a"))
"""What fails while Marathons start again whose session was with a ZooKeeper that answers no more."""

PAUSED = Round(
    "members that are paused",
    tuple(
        Fault(
            f"{what} is paused",
            {
                check: f"{where}: {container} is paused; expected it to run; `fab deploy-cluster` lets it go on"
            },
            shell_in(where, f"docker pause {container.replace('...', '$N')}"),
            follow=follow,
            may=MARATHONS_END if container == "zookeeper" else (),
            told={
                "status": f"{where}  {container} is not well: it is paused. {MENDED}",
                "plan": f"{where}  {step} unpause {container}: it is paused",
                "preflight": f"{where}  warning  unwell: {container}: it is paused",
            },
        )
        for what, where, container, step, check, follow in (
            (
                "a ZooKeeper",
                "{zk_a}",
                "zookeeper",
                "2.5",
                "test_the_container_runs@{zk_a}",
                (),
            ),
            (
                "a master",
                "{master_b}",
                "mesos-master-0...",
                "3.2",
                "test_the_master_runs_as_the_runbook_says@{master_b}",
                (),
            ),
            (
                "a Marathon",
                "{marathon_b}",
                "marathon-...",
                "4.1",
                "test_marathon_runs_as_the_runbook_says@{marathon_b}",
                (),
            ),
            (
                "an agent",
                "{agent}",
                "mesos-slave",
                "5.2",
                "test_the_agent_runs_as_the_runbook_says@{agent}",
                (),
            ),
        )
    ),
    suite=(*NO_OTHERS, "test_the_container_runs or runs_as_the_runbook_says"),
    codes={"status": 7, "plan": 0, "preflight": 0},
)

HANGING = Round(
    "members that run and answer nothing",
    tuple(
        Fault(
            f"{what} hangs",
            proves,
            signal(where, container.replace("...", "$N"), "STOP"),
            follow=follow,
            told={
                "status": f"{where}  {container} is not well: it accepts connections and has answered nothing for more than 12 s. {MENDED}",
                "plan": f"{where}  {step} restart {container}: it accepts connections and has answered nothing for more than 12 s",
                "preflight": f"{where}  warning  unwell: {container}: it accepts connections and has answered nothing for more than 12 s",
            },
        )
        for what, where, container, step, proves, follow in (
            (
                "a ZooKeeper",
                "{zk_a}",
                "zookeeper",
                "2.5",
                {
                    "test_every_member_serves": "{zk_a}: ZooKeeper says to srvr: no answer; expected it to serve"
                },
                (),
            ),
            (
                "a master",
                "{master_b}",
                "mesos-master-0...",
                "3.2",
                {
                    "test_every_master_answers_on_its_address": "{master_b}: http://{master_b}:5050 does not answer"
                },
                (),
            ),
            (
                "an agent",
                "{agent}",
                "mesos-slave",
                "5.2",
                {},
                (),
            ),
        )
    ),
    suite=(*NO_OTHERS, "every_member_serves or every_master_answers_on_its_address"),
    codes={"status": 7, "plan": 0, "preflight": 0},
)

HALF_REMOVED = Round(
    "half removed by hand",
    (
        Fault(
            "a ZooKeeper's container was removed",
            {
                "test_the_container_runs@{zk_a}": "{zk_a}: no container zookeeper (...); expected it to run; `fab deploy-cluster` runs it, or says what is in the way"
            },
            shell_in("{zk_a}", "docker rm -f zookeeper"),
            follow=(
                "test_it_runs_the_pinned_image@{zk_a}",
                "test_it_comes_back_after_a_reboot@{zk_a}",
                "test_it_is_on_the_hosts_network_and_has_no_other_rights@{zk_a}",
                "test_its_variables_and_arguments_are_as_wanted@{zk_a}",
                "test_its_configuration_and_data_live_on_the_host@{zk_a}",
                "test_every_member_serves",
                *SILENT,
            ),
            # For some seconds, if the leading Marathon had a session there.
            may=("test_marathon_is_exactly_one_active_framework_on_the_leading_master",),
            told={
                "status": "{zk_a} ... zookeeper ... absent",
                "plan": "{zk_a}  2.5 run zookeeper: ",
            },
            untold={"preflight": ABSENT},
        ),
        Fault(
            "a Marathon's container was removed",
            {
                "test_marathon_runs_as_the_runbook_says@{marathon_b}": "{marathon_b}: no container marathon-... (...); expected it to run"
            },
            shell_in("{marathon_b}", "docker rm -f marathon-$N"),
            follow=("test_every_marathon_answers_on_its_port",),
            told={
                "status": "{marathon_b} ... marathon-... ... absent",
                "plan": "{marathon_b}  4.1 run marathon-...: ",
            },
            untold={"preflight": ABSENT},
        ),
        Fault(
            "a master was stopped by hand",
            {
                "test_the_master_runs_as_the_runbook_says@{master_b}": "{master_b}: mesos-master-0... is exited (exit code ... at ...; expected it to run"
            },
            shell_in("{master_b}", "docker stop -t 1 mesos-master-0$N"),
            follow=("test_every_master_answers_on_its_address", *MASTER_SILENT),
            may=("test_the_candidates_in_zookeeper_are_the_masters_of_the_inventory",),  # for 10 s
            told={
                "status": "{master_b}  mesos-master-0... is not well: it is exited (last at ... UTC with exit code ...)",
                "plan": "{master_b}  3.2 start mesos-master-0...: it is exited (last at ... UTC with exit code ...)",
                "preflight": "{master_b}  warning  unwell: mesos-master-0...: it is exited (last at ... UTC with exit code ...)",
            },
        ),
    ),
    codes={"status": 7, "plan": 0, "preflight": 0, "deploy": 0},
)

HUNG = "the docker engine hangs: it has not answered within 20 s"

ENGINE_DEAD = Round(
    "engines that do not run, or do not answer",
    (
        Fault(
            "an agent's docker engine is stopped",
            {
                "test_the_agent_runs_as_the_runbook_says@{agent}": "{agent}: docker does not tell of mesos-slave, which may run all the same (...); expected its engine to answer; start it: systemctl start docker"
            },
            shell_in("{agent}", "lab-engine stop"),
            follow=(
                "test_no_other_container_of_ours_is_there@{agent}",
                "test_its_work_directory_has_the_same_path_inside@{agent}",
                "test_every_agent_of_the_inventory_is_active_on_the_leading_master",
                "test_no_agent_is_registered_but_inactive",
                *AGENT_SILENT,
            ),
            heal=shell_in("{agent}", "lab-engine start"),
            told={
                "status": "{agent} ... mesos-slave ... unknown",
                "plan": "{agent}  5.2 docker: the docker engine does not run",
                "preflight": "{agent}  error  docker: ",
                "deploy": "{agent}  ...docker: the docker engine does not run",
            },
        ),
        Fault(
            "the docker engine of a ZooKeeper's host hangs",
            {
                "test_the_container_runs@{zk_a}": f"{{zk_a}}: {HUNG}; expected it to answer; look at its log (journalctl -u docker); systemctl restart docker ends it, and its containers start again with it"
            },
            shell_in("{zk_a}", "kill -STOP $(cat /run/docker.pid)"),
            follow=(
                "test_no_other_container_of_ours_is_there@{zk_a}",
                "test_it_runs_the_pinned_image@{zk_a}",
                "test_it_comes_back_after_a_reboot@{zk_a}",
                "test_it_is_on_the_hosts_network_and_has_no_other_rights@{zk_a}",
                "test_its_variables_and_arguments_are_as_wanted@{zk_a}",
                "test_its_configuration_and_data_live_on_the_host@{zk_a}",
                "test_the_masters_log_and_registry_live_on_the_host@{zk_a}",
                "test_the_master_runs_as_the_runbook_says@{zk_a}",
                "test_marathon_runs_as_the_runbook_says@{zk_a}",
            ),
            heal=shell_in("{zk_a}", "kill -CONT $(cat /run/docker.pid)"),
            told={
                "status": f"{{zk_a}}  zookeeper: docker: {HUNG}",
                "plan": f"{{zk_a}}  2.4, 2.5, 3.1, 3.2, 4.1 docker: {HUNG}. Look at its log (journalctl -u docker); systemctl restart docker ends it",
                "preflight": f"{{zk_a}}  error  docker: {HUNG}.",
                "deploy": f"{{zk_a}}  ...docker: {HUNG}.",
            },
        ),
    ),
    codes={"status": 7, "plan": 6, "preflight": 6, "deploy": 6},
)

HOLD = (
    "setsid sh -c 'exec 8<>/run/mesofab.lease; flock 8;"
    ' printf "ann@desk, since 2026-11-30 12:00:00 UTC: fab deploy-cluster\\n" > /run/mesofab.lease; exec sleep 901\''
    " </dev/null >/dev/null 2>&1 & for i in $(seq 100); do flock -n /run/mesofab.lease true || break; sleep 0.1; done"
)
"""Holds the lease of a host, as a run of somebody else's does."""

ON_A_MEMBER = (
    "test_the_directory_exists",
    "test_all_may_read_what_root_made_and_root_alone_may_change_it",
    "test_zoo_cfg_lists_the_members_of_the_inventory",
    "test_zoo_cfg_holds_the_settings_of_the_inventory",
    "test_myid_is_the_inventorys",
    "test_it_runs_the_pinned_image",
    "test_the_container_runs",
    "test_it_comes_back_after_a_reboot",
    "test_it_is_on_the_hosts_network_and_has_no_other_rights",
    "test_its_variables_and_arguments_are_as_wanted",
    "test_its_configuration_and_data_live_on_the_host",
)
"""What is checked of each ZooKeeper; all of it fails while somebody is at work on one of them."""

AT_WORK = Round(
    "somebody else at work",
    (
        Fault(
            "another run is at work on a host, on which a container has lost its restart policy",
            {
                "test_it_comes_back_after_a_reboot@{zk_a}": "{zk_a}: ann@desk has been at work here since 2026-11-30 12:00:00 UTC: fab deploy-cluster; expected no run at work there; wait for it to end, then run the suite again; remove nothing there meanwhile",
            },
            together(shell_in("{zk_a}", "docker update --restart=no zookeeper"), shell_in("{zk_a}", HOLD)),
            follow=tuple(
                f"{check}@{{{host}}}" for check in ON_A_MEMBER for host in ("zk_a", "zk_b", "zk_leader")
            ),
            heal=shell_in("{zk_a}", "pkill -f '[s]leep 901'"),
            told={
                "status": "{zk_a}  ann@desk has been at work here since 2026-11-30 12:00:00 UTC: fab deploy-cluster",
                "plan": "{zk_a}  ann@desk has been at work here since 2026-11-30 12:00:00 UTC: fab deploy-cluster",
                "preflight": "{zk_a}  error  lock: ann@desk has been at work here since 2026-11-30 12:00:00 UTC: fab deploy-cluster",
                "deploy": "{zk_a}  ann@desk has been at work here since 2026-11-30 12:00:00 UTC: fab deploy-cluster",
            },
        ),
    ),
    suite=("verify/test_zookeeper.py",),
    codes={"status": 8, "plan": 6, "preflight": 6, "deploy": 6},
)

POWERED_OFF = Round(
    "a host that is down",
    (
        Fault(
            "an agent's host is powered off",
            {
                "test_a_login_shell_says_the_hosts_own_address@{agent}": "{agent}: it cannot be reached over SSH: ..."
            },
            lambda who: stop(who["agent"]),
            follow=(
                "test_the_last_line_that_sets_host_ip_exports_it@{agent}",
                "test_strangers_are_kept_out_if_hosts_ini_says_so@{agent}",
                "test_its_clock_agrees_with_ours@{agent}",
                "test_no_other_container_of_ours_is_there@{agent}",
            ),
            heal=lambda who: start(who["agent"]),
            told={
                "status": "{agent}  connect: {agent}:22",
                "plan": "{agent}  connect: {agent}:22",
                "preflight": "{agent}  error  connection: {agent}:22 ",
                "deploy": "{agent}  connect: {agent}:22",
            },
        ),
    ),
    suite=("verify/test_host.py",),
    codes={"status": 3, "plan": 3, "preflight": 3, "deploy": 3},
)

TROUBLES = (
    REMOVED,
    READ_ONLY,
    FULL,
    ENDING,
    PAUSED,
    HANGING,
    HALF_REMOVED,
    ENGINE_DEAD,
    AT_WORK,
    POWERED_OFF,
)
