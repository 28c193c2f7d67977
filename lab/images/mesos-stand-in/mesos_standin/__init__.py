"""Stand-ins for mesos-master and mesos-agent 1.5.0, for the lab alone: test equipment, no Mesos inside.

They answer as the real programs do at the edges that deployers, tests and schedulers can see: flags,
znodes, HTTP, the v1 scheduler API, tasks that really run. Among themselves they speak a protocol of their
own (HTTP below /stand-in and /log-replica(1), on the same ports), which is not libprocess's: a stand-in
and a real Mesos cannot be mixed. What they lack is listed in tests/contract/lacking.py.
"""

VERSION = "1.5.0"
"""The version that is stood in for, as `version` everywhere."""

BUILD = {"build_date": "1970-01-01 00:00:00", "build_time": 0.0, "build_user": "mesofab-stand-in"}
"""When and by whom: the place where a stand-in says that it is one."""
