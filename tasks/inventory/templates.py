"""Ansible's templates, as far as they only name another variable: `{{ vault_sudo_password }}`."""

import re
from collections.abc import Mapping

from .kinds import Wrong

TEMPLATE = re.compile(r"\{\{|\{%")
REFERENCE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
DEEPEST, MOST, LONGEST = 10, 50, 60_000
"""References to references, references in one text, and characters: what refers to itself ends, too."""


def fill(text: str, known: Mapping[str, str]) -> str:
    """Put the values of other variables in. Raises Wrong for what only Ansible itself could do."""
    for _ in range(DEEPEST):
        if not TEMPLATE.search(text):
            return text
        missing = next((name for name in REFERENCE.findall(text) if name not in known), None)
        if missing:
            raise Wrong(f"is a template of Ansible's, and {missing} is not set", "write the value itself")
        if not 0 < len(REFERENCE.findall(text)) <= MOST or len(text) > LONGEST:
            break
        text = REFERENCE.sub(lambda match: known[match[1]], text)
    raise Wrong("is a template of Ansible's that only Ansible can fill in", "write the value itself")
