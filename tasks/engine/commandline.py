"""What fab itself does not understand of a command line, as a sentence with what was probably meant."""

import difflib
import logging
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from fabric import Config
from fabric.main import program
from invoke.exceptions import Exit, ParseError
from paramiko import SSHConfig

LIST = "`fab --list` shows all tasks"


def explain() -> None:
    """Have the running fab answer a command line it cannot read as every other bad input is answered."""
    for library in ("invoke", "fabric"):
        logging.getLogger(library).addFilter(_redact)
    program.config = _without_ssh_config()
    program.parse_tasks = partial(_parse_tasks, program)
    program.no_tasks_given = partial(_no_tasks_given, program)
    program.parse_cleanup = partial(_parse_cleanup, program)
    for name in ("print_task_help", "list_tasks"):
        setattr(program, name, partial(_put_out, getattr(program, name)))


def _put_out(show: Callable[..., None], *args: Any) -> None:
    """Have fab print a list or a task's help, without a traceback for who stops reading, as `head`."""
    text = StringIO()
    with redirect_stdout(text):
        show(*args)
    try:
        print(text.getvalue(), end="", flush=True)
    except OSError as error:
        from .output import lost, silence  # which `fab --list` does not wait for

        silence(sys.stdout)
        raise Exit(str(lost(error)), lost(error).exit_code) from None


def _redact(record: logging.LogRecord) -> bool:
    """Have `fab -d` show no password: Invoke prints its whole configuration."""
    from ..inventory.secret import redacted  # which `fab --list` does not wait for

    record.msg, record.args = redacted(record.getMessage()), ()
    return True


def _without_ssh_config() -> Config:
    """Give fab a configuration like its own that loads no ssh_config: only who connects needs that."""
    config = Config(lazy=True, ssh_config=SSHConfig())
    config.load_base_conf_files()
    config.merge()
    return config


def _parse_tasks(fab: Any) -> None:
    try:
        type(fab).parse_tasks(fab)
    except ParseError as error:
        names = [name for task, aliases in fab.collection.task_names.items() for name in (task, *aliases)]
        raise _refusal(sentence(error, names, fab.argv)) from None
    except ValueError as error:  # Fabric's own, of -t and its like
        raise _refusal(
            f"A value is not a number: {error}. `fab --help` shows which option takes one."
        ) from None
    _refuse_missing_files(fab)
    if (timeout := fab.args["connect-timeout"].value) is not None and timeout <= 0:
        raise _refusal(f"-t {timeout}: give a whole number of seconds, 1 or more")


def _refuse_missing_files(fab: Any) -> None:
    """Refuse a file of -S or -i that does not exist, before fab itself ends in a traceback over it."""
    for flag, given in (("-S", "ssh-config"), ("-i", "identity")):
        names = fab.args[given].value or []
        for name in [names] if isinstance(names, str) else names:
            if not Path(name).expanduser().is_file():
                raise _refusal(f"{flag} {name}: no such file")


def _parse_cleanup(fab: Any) -> None:
    if fab.args.complete.value:
        from .completion import complete  # whoever runs a task completes nothing

        complete(fab)
    type(fab).parse_cleanup(fab)


def _no_tasks_given(fab: Any) -> None:
    if not fab.core.remainder:  # which Fabric runs without a task
        raise _refusal(f"Which task? {LIST}; `fab plan` changes nothing.")


def _refusal(text: str) -> Exit:
    from ..errors import BadInput  # the inventory comes with it, which `fab --list` does not wait for
    from ..inventory.printable import printable

    return Exit(printable(text), BadInput.exit_code)


def sentence(error: ParseError, tasks: Iterable[str], words: Iterable[str]) -> str:
    """Say what is wrong with a command line of these words; `tasks` are the names there are."""
    said = str(error)
    if match := re.fullmatch(r"No idea what '(.*)' is!", said):
        of = error.context
        task = (of and of.name) or "TASK"
        if option := next((word[: -len(match[1]) - 1] for word in words if _gives(word, match[1])), ""):
            remedy = f"give {option} alone, or leave it out. `fab --help {task}` shows all options."
            return f"{option} takes no value: {remedy}"
        return _unknown(match[1], of.flags if of else (), tasks, (of and of.name) or "")
    if match := re.match(r"Flag <Argument: (\w[\w-]*)(?: \((\w[\w-]*)\))?", said):
        name = max(match.groups(""), key=len)
        return f"--{name} needs a value: --{name}=VALUE."
    if match := re.match(r"'(\S+)' did not receive required positional arguments: (.*)", said):
        options = " ".join(f"--{name}=..." for name in re.findall(r"'(\S+?)'", match[2]))
        return f"fab {match[1]} needs {options}; `fab --help {match[1]}` explains it."
    return f"{said} {LIST}, `fab --help TASK` its options."


def _gives(word: str, value: str) -> bool:
    """Tell whether a word gives this value to an option, which Invoke takes apart."""
    return word.startswith("--") and word.partition("=")[1:] == ("=", value)


def _unknown(word: str, options: Iterable[str], tasks: Iterable[str], task: str) -> str:
    if word.startswith("-"):
        meant = _meant(word, [option for option in options if option.startswith("--")], 0.7)
        if task:
            return f"fab {task} has no option {word}. {meant}`fab --help {task}` shows those it has."
        return f"fab has no option {word} here. {meant}A task's options go after it, fab's own before it."
    return f"There is no task {word}. {_meant(word, tasks)}{LIST}; name hosts with -H, before the task."


def _meant(word: str, known: Iterable[str], likeness: float = 0.6) -> str:
    known = list(known)
    near = [name for name in known if word in name] or difflib.get_close_matches(word, known, 2, likeness)
    return f"Did you mean {' or '.join(near)}? " if near else ""
