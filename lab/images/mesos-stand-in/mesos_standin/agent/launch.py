"""Starting executors: as a child of the agent, or in a container of their own."""

from __future__ import annotations

import asyncio
import os
import pwd
import shlex
import sys
from collections.abc import Awaitable
from pathlib import Path

from .. import daemon
from ..docker import DockerError
from .state import Run, State

Ending = Awaitable[int]


class Failed(Exception):
    """A task that cannot be launched here."""


async def executor(state: State, run: Run, path: str) -> Ending:
    """Start a task's executor; return something that waits for its exit status."""
    enabled = (state.flags.text("containerizers") or "").split(",")
    if ("docker" if run.docker else "mesos") not in enabled:
        names = ", ".join(enabled)
        raise Failed(
            f"None of the enabled containerizers ({names}) could create a container for the provided task"
        )
    if run.task.info["command"].get("uris"):
        raise Failed("this stand-in has no fetcher")
    sandbox = Path(state.sandbox(run))
    sandbox.mkdir(parents=True)
    _link_latest(sandbox)
    if run.docker:
        wanted = run.task.info["container"]["docker"]
        await state.docker.provide(wanted["image"], wanted.get("force_pull_image", False))
    if run.docker and (image := state.flags.text("docker_mesos_image")):
        _fail_as_told(state, run)
        await state.docker.run(f"{run.name}.executor", _container(state, run, image, sandbox))
        return wait_for_container(state, run)
    return await _child(state, run, sandbox)


def _fail_as_told(state: State, run: Run) -> None:
    """Fail as a real agent does now and then: it looks for a container that the executor has not made yet.

    A file says how many launches are to fail (`fab lab.fail-launch`).
    """
    file = Path(state.flags.values["runtime_dir"]) / "failing-launches"
    left = int(file.read_text()) if file.exists() else 0
    if left > 0:
        daemon.write(file, str(left - 1).encode())
        look = f"docker -H unix://{state.flags.values['docker_socket']} inspect {run.name}"
        none = f"Error: No such object: {run.name}\n"
        raise Failed(f"Failed to run '{look}': exited with status 1; stderr='{none}'")


async def wait_for_container(state: State, run: Run) -> int:
    """Wait for the end of an executor's container."""
    try:
        code = await state.docker.wait(f"{run.name}.executor")
    except DockerError:
        # The executor is no container; its stream tells of its end.
        while run.stream:
            await asyncio.sleep(1)
        return 0
    daemon.spawn(_remove_later(state, run))
    return code


async def _remove_later(state: State, run: Run) -> None:
    await asyncio.sleep(state.flags.seconds("docker_remove_delay"))
    for name in (run.name, f"{run.name}.executor"):
        try:
            await state.docker.call("DELETE", f"/containers/{name}?force=1")
        except DockerError as error:
            daemon.log.info("Not removed: %s", error)


async def _child(state: State, run: Run, sandbox: Path) -> Ending:
    user = _user(state, run)
    if user:
        os.chown(sandbox, user.pw_uid, user.pw_gid)
    with (sandbox / "stdout").open("ab") as stdout, (sandbox / "stderr").open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "mesos_standin.executor", *_arguments(state, run, sandbox)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            cwd=sandbox,
            env=_environment(state),
            start_new_session=True,
            user=user.pw_uid if user else None,
        )
    run.pid = process.pid
    return process.wait()


def _user(state: State, run: Run) -> pwd.struct_passwd | None:
    name = run.task.info["command"].get("user") or run.framework.get("user") or "root"
    if run.docker or not state.flags.true("switch_user"):
        return None
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise Failed(f"Failed to get user information for '{name}': Success") from None


def _container(state: State, run: Run, image: str, sandbox: Path) -> dict[str, object]:
    """Describe an executor's container. The image's own entry point stays: it should have none."""
    program = f"{state.flags.values['launcher_dir']}/mesos-docker-executor"
    socket = state.flags.values["docker_socket"]
    command = " ".join(map(shlex.quote, [program, *_arguments(state, run, sandbox)]))
    return {
        "Image": image,
        "Cmd": ["/bin/sh", "-c", f"exec {command} >>stdout 2>>stderr"],
        "WorkingDir": str(sandbox),
        "Env": [f"LIBPROCESS_IP={state.ip}"],
        "HostConfig": {
            "NetworkMode": "host",
            "PidMode": "host",
            "CapAdd": ["SYS_ADMIN", "SYS_PTRACE"],
            "Binds": [f"{socket}:{socket}:ro", f"{sandbox}:{sandbox}:rw"],
        },
    }


def _arguments(state: State, run: Run, sandbox: Path) -> list[str]:
    given = {
        "agent": state.address,
        "framework": run.task.framework_id,
        "task": run.task.id,
        "container": run.container_id,
        "sandbox": str(sandbox),
        "docker_socket": state.flags.values["docker_socket"],
        "mapped_directory": state.flags.values["sandbox_directory"],
        "recovery_timeout": state.flags.values["recovery_timeout"],
    }
    return [f"--{name}={value}" for name, value in given.items()]


def _environment(state: State) -> dict[str, str]:
    """Build it from nothing: the agent's own variables are none of an executor's business."""
    path = os.environ.get("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    python = {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
    return {"PATH": path, **python, "LIBPROCESS_IP": state.ip}


def _link_latest(sandbox: Path) -> None:
    link = sandbox.parent / "latest"
    link.unlink(missing_ok=True)
    link.symlink_to(sandbox)
