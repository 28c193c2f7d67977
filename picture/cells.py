"""What the picture says of one member: its sign, its part, and the sentence for whoever does not see it."""

from pages.texts import Label, shortened

from .shapes import Box
from .topology import Condition, Machine, Member

CELL = 46
"""How high a box is that has a name and a part."""

SIGNS = {Condition.WELL: "✓", Condition.WRONG: "✗", Condition.DIFFERS: "≠", Condition.UNJUDGED: "○"}
"""They tell the condition to whoever sees no colours."""


def frame(machine: Machine, x: float, y: float, wide: float, high: float) -> Box:
    """Return the frame of a host, with the finding about the machine, or else its address."""
    under = _finding(machine.condition, machine.complaint)
    if not under and machine.address != machine.name:
        under = machine.address
    return Box(
        *(x, y, wide, high, "host", machine.condition),
        says=f"host {machine.name}, {machine.condition}",
        labels=(
            Label(x + 12, y + 22, shortened(machine.name, "name", wide - 24), "name"),
            Label(x + 12, y + 39, shortened(under, "address", wide - 24), "address"),
        )[: 2 if under else 1],
        complaint=machine.complaint,
    )


def cell(member: Member, x: float, y: float, wide: float) -> Box:
    """Return the box of a member on its host."""
    return Box(
        *(x, y, wide, CELL, "leader" if leads(member) else "member", member.condition),
        says=says(member),
        labels=labels(member, member.name, part(member), x, y, wide),
        complaint=member.complaint,
    )


def labels(member: Member, name: str, told: str, x: float, y: float, wide: float) -> tuple[Label, ...]:
    """Return sign, name and part; of what is wrong, the number of its finding stands for the part."""
    if member.condition is Condition.WRONG:
        told = _finding(member.condition, member.complaint) or told
    return (
        Label(x + 10, y + 19, SIGNS[member.condition], "mark"),
        Label(x + 30, y + 19, shortened(name, "name", wide - 40), "name"),
        Label(x + 30, y + 37, shortened(told, "part", wide - 40), "part"),
    )


def leads(member: Member) -> bool:
    """Tell whether a member leads its service."""
    return member.part in ("leader", "standalone")


def _finding(condition: Condition, complaint: int | None) -> str:
    judged = condition in (Condition.WRONG, Condition.DIFFERS)
    return f"{condition}: finding {complaint}" if judged and complaint else ""


def part(member: Member) -> str:
    """Say what a member says of itself, and whom it follows."""
    follows = f" of {member.follows}" if member.follows else ""
    return "★ " * leads(member) + (member.part or "no answer") + follows


def says(member: Member) -> str:
    """Say all that is known of a member."""
    told = f"{member.name} on {member.host}: {part(member).removeprefix('★ ')}, {member.condition}"
    return ", ".join(filter(None, (told, tasks(member))))


def tasks(agent: Member) -> str:
    """Say how many tasks an agent runs; "" if nobody knows, as of whatever is no agent."""
    if agent.running is None:
        return ""
    return f"{agent.running or 'no'} task{'s' * (agent.running != 1)}"
