"""What a real Mesos 1.5.0 answered, three masters and an agent; bodies cut down to what is read of them."""

LEADER_METRICS = """\
HTTP/1.1 200 OK\r
Date: Sun, 22 Nov 2026 16:39:29 GMT\r
Content-Length: 5918\r
Content-Type: application/json\r
\r
{
    "registrar/state_fetch_ms": 448.644864,
    "master/slaves_unreachable": 0.0,
    "master/uptime_secs": 69.461811968,
    "master/tasks_running": 1.0,
    "master/slaves_active": 1.0,
    "master/frameworks_active": 1.0,
    "registrar/registry_size_bytes": 292.0,
    "registrar/log/recovered": 1.0,
    "registrar/log/ensemble_size": 3.0,
    "registrar/queued_operations": 0.0,
    "master/elected": 1.0,
    "registrar/state_store_ms": 18.128896
}"""

FOLLOWER_METRICS = """\
HTTP/1.1 200 OK\r
Date: Sun, 22 Nov 2026 16:39:29 GMT\r
Content-Length: 5274\r
Content-Type: application/json\r
\r
{
    "master/slaves_active": 0.0,
    "registrar/log/recovered": 1.0,
    "registrar/log/ensemble_size": 3.0,
    "registrar/queued_operations": 0.0,
    "master/elected": 0.0,
    "master/uptime_secs": 71.326846976
}"""

LEADER_SUMMARY = """\
HTTP/1.1 200 OK\r
Date: Sun, 22 Nov 2026 16:39:26 GMT\r
Content-Length: 1931\r
Content-Type: application/json\r
\r
{
    "hostname": "10.70.0.12",
    "slaves": [
        {
            "id": "a4ac9fcc-3af0-4465-8354-30ab200092b7-S0",
            "hostname": "10.70.0.20",
            "port": 5051,
            "attributes": {},
            "pid": "slave(1)@10.70.0.20:5051",
            "registered_time": 1795365503.4208,
            "reserved_resources": {},
            "unreserved_resources": {
                "disk": 252899.0, "mem": 23081.0, "gpus": 0.0, "cpus": 2.0, "ports": "[31000-32000]"
            },
            "active": true,
            "version": "1.5.0",
            "TASK_STAGING": 0,
            "TASK_STARTING": 0,
            "TASK_RUNNING": 1,
            "TASK_KILLING": 0,
            "TASK_FINISHED": 0
        }
    ],
    "frameworks": []
}"""

FOLLOWER_SUMMARY = """\
HTTP/1.1 307 Temporary Redirect\r
Date: Sun, 22 Nov 2026 16:39:26 GMT\r
Location: //10.70.0.12:5050/master/state-summary\r
Content-Length: 0\r
\r
"""

HEALTH = """\
HTTP/1.1 200 OK\r
Date: Sun, 22 Nov 2026 16:39:28 GMT\r
Content-Length: 0\r
\r
"""

AGENT_STATE = """\
HTTP/1.1 200 OK\r
Date: Sun, 29 Nov 2026 20:19:02 GMT\r
Content-Length: 13844\r
Content-Type: application/json\r
\r
{
    "version": "1.5.0",
    "id": "5f04231b-88ec-4d7d-9ef4-c5c2a92aa13f-S0",
    "pid": "slave(1)@10.70.0.20:5051",
    "hostname": "10.70.0.20",
    "flags": {
        "containerizers": "docker,mesos",
        "docker_mesos_image": "10.70.0.2:5000/mesosphere/mesos:1.5.0"
    },
    "frameworks": [
        {
            "id": "5f04231b-88ec-4d7d-9ef4-c5c2a92aa13f-0002",
            "name": "v1open",
            "failover_timeout": 600.0,
            "checkpoint": true,
            "executors": [
                {
                    "id": "v1opendocker.a9ac53a8",
                    "name": "Command Executor (Task: v1opendocker.a9ac53a8) (Command: sh -c 'sleep 100000')",
                    "container": "4137e2b4-dfab-4597-b592-74f2463338c8",
                    "tasks": [
                        {
                            "id": "v1opendocker.a9ac53a8",
                            "name": "docker",
                            "executor_id": "",
                            "state": "TASK_RUNNING",
                            "statuses": [{"state": "TASK_RUNNING", "timestamp": 1795982524.69723}],
                            "container": {
                                "type": "DOCKER",
                                "docker": {
                                    "image": "10.70.0.2:5000/mesosphere/mesos:1.5.0",
                                    "network": "HOST",
                                    "privileged": false
                                }
                            }
                        }
                    ],
                    "queued_tasks": [],
                    "completed_tasks": []
                }
            ],
            "completed_executors": []
        }
    ],
    "completed_frameworks": []
}"""
