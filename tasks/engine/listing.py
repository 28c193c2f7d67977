"""Let `fab --list` show a chapter's tasks in the runbook's order; fab itself sorts them by name."""

from invoke.collection import Collection


class Listed(str):
    """A name that sorts by its place in the runbook instead of by its letters."""

    place: int

    def __lt__(self, other: str) -> bool:
        return self.place < other.place if isinstance(other, Listed) else str(self) < other


def in_order(collection: Collection) -> Collection:
    """Make `collection` list its tasks in the order they were added.

    Only below the top: fab rebuilds the top collection with names of its own.
    """
    for place, name in enumerate(list(collection.tasks)):
        listed = Listed(name)
        listed.place = place
        collection.tasks[listed] = collection.tasks.pop(name)
    return collection
