"""What a look tells of the firewall: whether a host has the rules that were kept there, and who asks."""

import re
from dataclasses import dataclass

FILE = "/run/mesofab.firewall"
"""Which rules were kept, and what nft then told of them; a reboot takes it along with the rules."""

TABLE = "inet mesofab"

TOLD = f"nft -s list table {TABLE} 2>/dev/null | sha256sum | cut -c -64"
"""The digest of all rules as nft tells them."""

ASK = f"""\
part firewall; echo "from ${{SSH_CONNECTION-}}"
[ ! -s {FILE} ] || {{ echo "kept $(head -c 200 {FILE})"; echo "now $({TOLD})"; }}"""
"""A host that has no firewall of ours starts no program for it."""

TRIED, CHANGED = "tried", "changed"


@dataclass(frozen=True)
class SeenFirewall:
    """`rules` is the digest of those that were kept and are there, TRIED, CHANGED, or "" without any.

    `operator` is the address from which SSH comes; "" if it is not known, as behind sudo.
    """

    rules: str = ""
    operator: str = ""

    @property
    def is_kept(self) -> bool:
        """Tell whether rules that were kept are there, whichever."""
        return self.rules not in ("", TRIED, CHANGED)


def read(text: str) -> SeenFirewall:
    """Read the answer; whatever else it says is a change by hand."""
    told = dict(re.findall(r"^(from|kept|now) ?(.*)$", text, re.MULTILINE))
    client = re.match(r"[0-9]{1,3}(\.[0-9]{1,3}){3} ", told.get("from", ""))
    rules = ""
    if "kept" in told:
        kept = re.fullmatch(r"([0-9a-f]{16}) ([0-9a-f]{64})", told["kept"])
        there = kept is not None and kept[2] == told.get("now")
        rules = TRIED if told["kept"] == TRIED else kept[1] if kept and there else CHANGED
    return SeenFirewall(rules, client[0].strip() if client else "")
