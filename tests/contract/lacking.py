"""What of the real 1.5.0 the stand-ins do not have, and why. Recorded answers are never among it.

The tests read ENDPOINTS: what stands there must answer 404, so that the list stays true.
"""

ENDPOINTS = {
    "/files/browse": "sandboxes are read on the host, or in the task's own output",
    "/files/read": "as above",
    "/logging/toggle": "nothing here has more to say",
    "/machine/down": "nothing here is maintained: the schedule is always empty",
    "/machine/up": "as above",
    "/create-volumes": "there are no persistent volumes",
    "/destroy-volumes": "as above",
    "/help": "documentation of the real one",
    "/": "the web interface",
    "/static/js/app.js": "as above",
    "/files/debug": "as /files/browse",
    "/profiler/start": "as /logging/toggle",
    "/__processes__": "there are no such processes",
    "/system/stats.json": "the machine's numbers are in /metrics/snapshot",
}
AGENTS = ("/", "/help", "/system/stats.json", "/logging/toggle", "/files/browse", "/files/debug", "/api/v1")
"""What an agent lacks, for the reasons above; /api/v1 since nothing asks it."""

CALLS = ("GET_STATE", "GET_FLAGS", "GET_VERSION")
"""Calls of /api/v1 that were recorded under authentication, and are answered with 501."""

OTHERS = {
    "TLS": "the published images were seen without it",
    "CRAM-MD5": "where agents register and drivers subscribe, a Basic header stands for it",
    "schedulers with libmesos's driver": "speak v1, with a header that says so; Marathon's stand-in is one",
    "metrics of principals": "frameworks/PRINCIPAL/... are there as with the real one, always 0.0",
    "other authenticators, authorizers": "only basic, crammd5 and local",
    "quota and weights": "can be set, are kept in the registry and shown, without effect on offers",
    "roles": "one per framework; offers go to the framework that uses least, without weights",
    "reservations": "by operators alone, offered to no framework; /reserve and /unreserve are as the "
    "documentation of 1.5 and a run of the real one tell, 202 and 409: they were not recorded",
    "v1 operator calls": "501, but for the recorded ones and MARK_AGENT_GONE",
    "v1 scheduler API": "no protobuf, inverse offers, operations but LAUNCH, custom executors, task groups",
    "Mesos's wire protocol": "stand-ins talk HTTP of their own among themselves; no mixing with real ones",
    "frameworks that do not checkpoint": "their tasks outlive a lost connection of the agent all the same",
    "Paxos": "a write is the whole registry at a position, done when a quorum of replicas has it",
    "other aborts than a follower's as process 1": "end it; only that one was seen to hang",
    "four ZooKeeper sessions per master": "one, with the same nodes and the same life",
    "fetcher": "tasks with URIs fail and say so",
    "mesos containerizer": "commands are plain processes: no images, no limits",
    "docker parameters but label, USER networks": "not asked for yet",
    "docker_kill_orphans": "was seen to leave the containers running, and so it does here",
    "garbage collection of sandboxes": "the lab does not live for a week",
    "metrics of queues": "present, always 0.0; those of allocation runs are absent",
    "a DNS name in --zk that does not exist": "retried; the real one ends at once (MESOS-3790)",
}
