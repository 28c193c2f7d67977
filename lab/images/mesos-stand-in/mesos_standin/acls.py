"""ACLs: who may do what, as Mesos's own authorizer reads and applies them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Entity = frozenset[str] | Literal["ANY", "NONE"]
Rule = tuple[Entity, Entity]

# Of what each action is: the name in its rules, and the actions.
_TABLE = """
agents register_agents mark_agents_gone
creator_principals destroy_volumes
flags view_flags
framework_principals teardown_frameworks
images prune_images
level set_log_level
logs access_mesos_logs
machines update_maintenance_schedules get_maintenance_schedules start_maintenances stop_maintenances
machines get_maintenance_statuses
paths get_endpoints
reserver_principals unreserve_resources
resource_providers modify_resource_provider_configs
roles register_frameworks reserve_resources create_volumes update_weights get_quotas update_quotas view_roles
users run_tasks view_frameworks view_tasks view_executors access_sandboxes kill_nested_containers
users wait_nested_containers attach_containers_input attach_containers_output view_containers
users remove_nested_containers launch_standalone_containers kill_standalone_containers
users wait_standalone_containers remove_standalone_containers view_standalone_containers
"""
OBJECTS = {
    action: name for name, *actions in map(str.split, _TABLE.strip().splitlines()) for action in actions
}


@dataclass(frozen=True)
class Acls:
    """Rules by action. The first that fits decides; where none does, `permissive` does."""

    permissive: bool = True
    rules: dict[str, list[Rule]] = field(default_factory=dict)

    def allow(self, action: str, principal: str | None, thing: str | None = None) -> bool:
        """Tell whether somebody, or anybody, may do something to a thing, or to any."""
        who, what = _asked(principal), _asked(thing)
        for principals, things in self.rules.get(action, []):
            if _fits(who, principals) and _fits(what, things):
                return _allows(who, principals) and _allows(what, things)
        return self.permissive


def load(text: str) -> Acls:
    """Read JSON; an action that Mesos does not know is passed over without a word. Fails with ValueError."""
    found = _parsed(text)
    rules = {
        action: [(_entity(one.get("principals")), _entity(one.get(OBJECTS[action]))) for one in found[action]]
        for action in found
        if action in OBJECTS
    }
    return Acls(found.get("permissive", True), rules)


def as_text(text: str) -> str:
    """Return ACLs as /flags and logs show them: in protobuf's own form. Fails with ValueError."""
    found = _parsed(text)
    permissive = [f"permissive: {json.dumps(found['permissive'])}"] if "permissive" in found else []
    return "\n".join([*permissive, *_shown(found), ""])


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"syntax error at line {error.lineno} near: {text[error.pos :]}") from None
    known = (
        {action: found[action] for action in OBJECTS if action in found} if isinstance(found, dict) else None
    )
    if known is None or not all(isinstance(one, dict) for rules in known.values() for one in rules):
        raise ValueError("Not expecting a JSON of this form")
    return dict(found)


def _entity(given: dict[str, Any] | None) -> Entity:
    kind = (given or {}).get("type", "SOME")
    return kind if kind in ("ANY", "NONE") else frozenset((given or {}).get("values", []))


def _asked(one: str | None) -> Entity:
    return "ANY" if one is None else frozenset([one])


def _fits(asked: Entity, rule: Entity) -> bool:
    return not isinstance(rule, frozenset) or (isinstance(asked, frozenset) and asked <= rule)


def _allows(asked: Entity, rule: Entity) -> bool:
    return rule == "ANY" or (rule != "NONE" and _fits(asked, rule))


def _shown(found: dict[str, Any]) -> Iterator[str]:
    for action, rules in found.items():
        for rule in rules if action in OBJECTS else ():
            yield f"{action} {{"
            for name, entity in rule.items():
                yield f"  {name} {{"
                yield from (f"    type: {entity['type']}" for _ in range("type" in entity))
                yield from (f"    values: {json.dumps(value)}" for value in entity.get("values", []))
                yield "  }"
            yield "}"
