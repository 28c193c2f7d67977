"""Do one thing on many hosts at once, at most `parallel` at a time."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ..errors import OperatorError
from ..inventory.cluster import Node
from ..plan.words import grouped

T = TypeVar("T")


def attempt(
    nodes: Sequence[Node], do: Callable[[Node], T], parallel: int
) -> tuple[dict[str, T], dict[str, OperatorError]]:
    """Give `do`'s results by node name, and for the nodes where it failed, the errors."""
    if not nodes:
        return {}, {}
    with ThreadPoolExecutor(max_workers=min(parallel, len(nodes))) as pool:
        futures = {node.name: pool.submit(do, node) for node in nodes}
    results: dict[str, T] = {}
    errors: dict[str, OperatorError] = {}
    for name, future in futures.items():
        try:
            results[name] = future.result()
        except OperatorError as error:
            errors[name] = error
    return results, errors


def each(nodes: Sequence[Node], do: Callable[[Node], T], parallel: int) -> dict[str, T]:
    """Give `do`'s result by node name.

    All hosts are seen to the end before anything is raised; see `refuse`.
    """
    results, errors = attempt(nodes, do, parallel)
    refuse(errors)
    return results


def refuse(errors: Mapping[str, OperatorError]) -> None:
    """Raise the first one's kind of OperatorError, if there is any, with all messages, each said once."""
    if errors:
        first = next(iter(errors.values()))
        raise type(first)("\n".join(grouped((name, error.text) for name, error in errors.items())))
