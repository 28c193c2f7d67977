"""What this stand-in leaves out on purpose, and why. Nothing here is answered with a pretended success."""

from __future__ import annotations

# Paths the real one has and this one answers 404 for, as for any path that Marathon does not know.
ENDPOINTS = {
    "/ui/": "the web interface is a product of its own",
    "/api-console/index.html": "documentation of the real API, nothing to check",
    "/logging": "the log level never changes",
    "/config": "the same settings stand in /v2/info",
}

# Methods on paths that do exist here.
METHODS = {
    "POST /v2/pods": "no runbook step starts a pod; task groups need the default executor",
    "POST /v2/groups": "GET shows the groups that app ids make; nothing needs dependencies between apps",
    "PUT /v2/groups": "as POST",
    "DELETE /v2/groups": "as POST",
    "PUT /v2/apps": "apps are changed one by one",
    "PATCH /v2/apps": "as PUT",
}

# Recorded answers that are others here.
ANSWERS = {
    "leader-DELETE-group": "405, as all that changes groups",
    "leader-GET-groups-after": "a group goes with the last app in it, where a real one stays",
}

# Headers of recorded answers that are not there, or there instead of others.
HEADERS = {"leader-events": {"Transfer-Encoding": "chunked, as this server sends all that has no length"}}

# Recorded events that nobody is told of here. Those of deployments have the plan of /v2/deployments.
EVENTS = {
    **dict.fromkeys(("deployment_info", "deployment_step_success"), "/v2/deployments tells how far it is"),
    **dict.fromkeys(("group_change_success", "group_change_failed"), "groups are what app ids make"),
    **dict.fromkeys(("api_post_event", "app_terminated_event"), "deployment_success tells of it"),
    **dict.fromkeys(("add_health_check_event", "remove_health_check_event"), "the app tells of its checks"),
    "instance_changed_event": "status_update_event tells the same",
}

# Options that would change what happens in ways this one does not have: refused with exit code 1, since
# running without them would be worse (no TLS where TLS was asked for).
OPTIONS = {
    "max_apps": "no limit",
    "disable_http": "no TLS, so HTTP would be all there is",
    "ssl_keystore_path": "no TLS",
    "ssl_keystore_password": "no TLS",
    "plugin_dir": "no plugins",
    "plugin_conf": "no plugins",
    "backup_location": "a migration changes nothing that would have to be restored",
}

# Smaller things, for who compares: nothing asks for them.
DETAILS = {
    "Date": "once on what a standby passes on, where the real one adds its own to the leader's",
    "405 at /v2/events": "its reason is the usual phrase, where the leader's own says more",
    "a POST's answer": "has the service ports that were chosen, where the real one still says 0",
    "leader_proxy_connection_timeout, event_stream_max_outstanding_messages": "accepted, unused",
    "CRAM-MD5": "a Basic header stands for it, and a header of our own for the driver that would speak it",
    "libprocess": "the v1 API needs no listening port; LIBPROCESS_IP and _PORT are accepted, unused",
    "DELETE /v2/leader?backup=&restore=": "422, whatever the URI",
    "state": "framework id and storage version are encoded as by Marathon; the rest below /state is our JSON",
    "migration": "only the version of the state changes, and takes no time",
    "persistent volumes, residency, secrets, readiness checks": "422 where an app asks for them",
    "Accept: text/plain on tasks": "JSON, whatever is asked for",
    "DELETE /v2/apps/.../tasks": "404: tasks are killed one by one, or by POST /v2/tasks/delete",
    "DELETE /v2/queue/.../delay": "404: what waits can be waited for",
    "PUT /v2/apps/... with nothing but a version": "no roll back but of deployments",
    "GET /v2/apps?label=&cmd=": "only the id filters",
    "health checks with HTTPS": "422 where an app asks for them",
    "wipe=true": "as without it, there being no volumes to wipe",
    "fetch": "passed on to Mesos as it is",
    "revive": "repeated while something waits for an offer, where Marathon repeats three times",
}
