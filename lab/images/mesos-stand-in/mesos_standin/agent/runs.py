"""From a launched task to an acknowledged end: executors, status updates, recovery."""

from __future__ import annotations

import asyncio
import json
import uuid

from standin import client, web
from standin.web import Answer, Request, Stream

from .. import daemon
from ..docker import DockerError
from ..resources import Json
from ..tasks import Task
from . import launch
from .state import Run, State

PATH = "/stand-in/executor"
MASTERS = "/stand-in/agent"
_RESEND = 10.0


async def handle(state: State, request: Request) -> Answer:
    """Take a message of an executor; one that subscribes hears the agent's in the answer."""
    message = json.loads(request.body)
    run = state.runs.get((message["framework_id"], message["task_id"]))
    if not run and not state.recovered:
        return web.error(503, "Agent has not finished recovery")
    if not run or run.container_id != message["container_id"] or run.ended:
        return web.error(404)
    if message["type"] == "UPDATE":
        take(state, run, message["status"])
        return web.Response(202)
    stream = Stream(lambda ended: _hung_up(run, ended))
    run.stream = stream
    launched = {"task": run.task.dump(), "framework": run.framework, "checkpoint": run.checkpoints}
    stream.put({"type": "LAUNCHED", **launched})
    return stream


def start(state: State, message: Json) -> None:
    """Launch a task. What the agent knows of a framework is as new as what it was told last."""
    task = Task(**message["task"])
    known = (run.framework for run in state.runs.values() if run.task.framework_id == task.framework_id)
    run = Run(task, next(known, message["framework"]), str(uuid.uuid4()))
    state.runs[(run.task.framework_id, run.task.id)] = run
    state.keep(run)
    daemon.spawn(_execute(state, run))


def update_framework(state: State, info: Json) -> None:
    """Take what a framework says of itself now, if it has anything here."""
    for run in state.runs.values():
        if run.task.framework_id == info["id"]["value"]:
            run.framework = info
            state.keep(run)


def kill(state: State, message: Json) -> None:
    """Have an executor kill its task."""
    run = state.runs.get((message["framework_id"], message["task_id"]))
    if run and run.stream:
        run.stream.put({"type": "KILL", "kill": message["kill"]})
    elif run and not run.task.statuses:
        text = "Killed before delivered to the executor"
        fail(state, run, "REASON_TASK_KILLED_DURING_LAUNCH", text, "TASK_KILLED")


def take(state: State, run: Run, update: Json) -> None:
    """Note an update and see to it that the framework hears of it, in order."""
    if run.task.terminal:
        return
    status = state.status(run, update)
    run.task.take(status)
    run.pending.append(status)
    state.counters["slave/valid_status_updates"] += 1
    if run.task.terminal:
        state.counters[f"slave/{run.task.state.lower().replace('task_', 'tasks_')}"] += 1
    state.keep(run)
    if len(run.pending) == 1:
        daemon.spawn(_forward(state, run))


def acknowledge(state: State, message: Json) -> None:
    """Go on to the next update, or be done with the task."""
    run = state.runs.get((message["framework_id"], message["task_id"]))
    if not run or not run.pending or run.pending[0]["uuid"] != message["uuid"]:
        return
    run.pending.pop(0)
    state.keep(run)
    if run.pending:
        daemon.spawn(_forward(state, run))
    elif run.task.terminal:
        forget(state, run)


def forget(state: State, run: Run) -> None:
    """Be done with a task."""
    state.runs.pop((run.task.framework_id, run.task.id), None)
    state.meta.drop(state.id, run.place)
    state.completed = [*state.completed, run][-150:]
    run.ended = True


def shut_down(state: State, framework_id: str = "") -> None:
    """End the tasks of a framework, or all; nobody waits for updates."""
    for run in list(state.runs.values()):
        if framework_id in ("", run.task.framework_id):
            if run.stream:
                run.stream.put({"type": "SHUTDOWN"})
            if not run.task.terminal:
                run.task.state = "TASK_KILLED"
            forget(state, run)


def fail(state: State, run: Run, reason: str, text: str, kind: str = "TASK_FAILED") -> None:
    """Say for an executor what it cannot say itself."""
    take(state, run, {"state": kind, "message": text, "source": "SOURCE_AGENT", "reason": reason})


async def recover(state: State) -> None:
    """Wait for the executors of the agent's former life; those that do not come back are dead."""
    for kept in state.meta.runs(state.id):
        run = Run.load(kept)
        state.runs[(run.task.framework_id, run.task.id)] = run
    if state.runs:
        await asyncio.sleep(state.flags.seconds("executor_reregistration_timeout"))
    for run in list(state.runs.values()):
        if run.stream and run.docker:
            daemon.spawn(_ended(state, run, launch.wait_for_container(state, run)))
        elif not run.stream and not run.task.terminal:
            fail(state, run, "REASON_EXECUTOR_TERMINATED", "Executor terminated")
    state.recovered = True


async def resend(state: State) -> None:
    """Repeat what was not acknowledged, for ever."""
    while True:
        await asyncio.sleep(_RESEND)
        resend_all(state)


def resend_all(state: State) -> None:
    """Repeat what was not acknowledged."""
    for run in state.runs.values():
        if run.pending:
            daemon.spawn(_forward(state, run))


async def tell_master(state: State, message: Json) -> None:
    """Tell the leading master something; if it does not hear, others will say it again."""
    if state.master:
        try:
            await client.call(state.master, "POST", MASTERS, {"agent_id": state.id, **message})
        except OSError as error:
            daemon.log.warning("Failed to reach the master: %s", error)


async def _forward(state: State, run: Run) -> None:
    if run.pending:
        update = {"framework_id": run.task.framework_id, "status": run.pending[0]}
        await tell_master(state, {"type": "UPDATE", **update})


async def _execute(state: State, run: Run) -> None:
    """Launch the executor, and see it to its end."""
    try:
        ending = await launch.executor(state, run, PATH)
    except (launch.Failed, DockerError, OSError) as error:
        state.counters["slave/container_launch_errors"] += 1
        text = f"Failed to launch container: {error}"
        return fail(state, run, "REASON_CONTAINER_LAUNCH_FAILED", text)
    await _ended(state, run, ending)


async def _ended(state: State, run: Run, ending: launch.Ending) -> None:
    code = await ending
    run.pid = None
    if not run.task.terminal:
        text = f"Container exited with status {code}" if code else "Executor terminated"
        fail(state, run, "REASON_EXECUTOR_TERMINATED", text)


def _hung_up(run: Run, ended: Stream) -> None:
    if run.stream is ended:
        run.stream = None
