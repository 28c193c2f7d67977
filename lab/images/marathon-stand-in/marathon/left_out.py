"""What this stand-in leaves out on purpose, and why. Nothing here is answered with a pretended success."""

from __future__ import annotations

# Paths the real one has and this one answers 404 for, as for any path that Marathon does not know.
ENDPOINTS = {
    "/v2/pods": "no runbook step starts a pod; task groups need the default executor",
    "/v2/plugins": "there are no plugins",
    "/ui/": "the web interface is a product of its own",
    "/api-console/index.html": "documentation of the real API, nothing to check",
    "/logging": "the log level never changes",
    "/config": "the same settings stand in /v2/info",
}

# Methods on paths that do exist here.
METHODS = {
    "POST /v2/groups": "GET shows the groups that app ids make; nothing needs dependencies between apps",
    "PUT /v2/groups": "as POST",
    "DELETE /v2/groups": "as POST",
    "PUT /v2/apps": "apps are changed one by one",
    "PATCH /v2/apps": "as PUT",
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
    "mesos_authentication": "the v1 API authenticates otherwise than libmesos does",
    "mesos_authentication_secret": "as mesos_authentication",
    "mesos_authentication_secret_file": "as mesos_authentication",
}

# Smaller things, for who compares: nothing asks for them.
DETAILS = {
    "HEAD": "405; GET tells more",
    "gzip": "answers are never compressed",
    "leader_proxy_connection_timeout, event_stream_max_outstanding_messages": "accepted, unused",
    "libprocess": "the v1 API needs no listening port; LIBPROCESS_IP and _PORT are accepted, unused",
    "DELETE /v2/leader?backup=&restore=": "422, whatever the URI",
    "state": "framework id and storage version are encoded as by Marathon; the rest below /state is our JSON",
    "migration": "only the version of the state changes, and takes no time",
    "persistent volumes, residency, secrets, readiness checks": "422 where an app asks for them",
    "events": "status_update_event, deployment_success, deployment_failed and event_stream_attached",
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
