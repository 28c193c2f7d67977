"""What a retirement asks a host beside a look: every container and image, and what mesofab has made there."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..compare.profile import KEPT
from ..desired import DIGEST, PROFILE
from ..http import items, parsed, table, text
from ..look.sections import Unreadable
from ..shell import LEDGER, STATE, quote
from .places import Place

FORM = "[{{json .Name}},{{json .Image}},{{json .Config.Image}},{{json .Config.Labels}},{{json .Mounts}}]"
"""What docker tells of a container: name, image by id and by name, labels, mounts."""

PATH = re.compile(r"(/[A-Za-z0-9_][A-Za-z0-9._-]*)+", re.ASCII)
"""A path as hosts.ini may have it; another one is none of ours."""


@dataclass(frozen=True)
class Held:
    """A container, whoever made it: its images by id and name, the host paths that it mounts.

    `cluster` and `role` are "" if it is none of mesofab's.
    """

    name: str
    image_id: str
    image: str
    cluster: str = ""
    role: str = ""
    mounts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Leavings:
    """What is on a host: all containers, images by name with their ids, what mesofab noted, what is there.

    Of the ledger, `pulled` are images, `made` directories of members, `above` those above them. `there` has
    those of the paths that exist. `kept` is /etc/profile as it was before mesofab; None if it is not kept.
    """

    containers: tuple[Held, ...] = ()
    images: Mapping[str, str] = field(default_factory=dict)
    pulled: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    there: frozenset[str] = frozenset()
    kept: str | None = None


def asking(places: Sequence[Place], images: Sequence[str]) -> str:
    """Give the shell that asks for it, in parts of a look; `images` are those that hosts.ini names."""
    references = " ".join(map(quote, images))
    paths = " ".join(f"{place.path}/{name}" for place in places for name in place.own)
    whole = " ".join(quote(place.path) for place in places)
    return f"""\
there() {{ for path; do [ ! -e "$path" ] && [ ! -L "$path" ] || printf '%s\\n' "$path"; done; }}
part 'retire containers'; ids=$(docker ps -aq 2>/dev/null) || ids=
[ -z "$ids" ] || docker inspect --type container --format {quote(FORM)} $ids 2>/dev/null
part 'retire images'
{{ printf '%s\n' {references}; sed -n 's/^image //p' {LEDGER} 2>/dev/null; }} | sort -u |
while read -r image; do
  # by its very name, which docker's own list may have in another form
  id=$(docker image inspect --format '{{{{.Id}}}}' "$image" 2>/dev/null </dev/null) && echo "$image $id"
done
part 'retire ledger'; cat {LEDGER} 2>/dev/null
part 'retire there'; there {whole} {paths} {STATE} # what is a pattern finds all that it fits
sed -nE 's/^(directory|above) //p' {LEDGER} 2>/dev/null | while read -r path; do there "$path"; done
part 'retire profile'; file=$(readlink -f {PROFILE})
[ ! -f "$file{KEPT}" ] || {{ echo kept; cat "$file{KEPT}"; }}"""


def read(parts: Mapping[str, str]) -> Leavings:
    """Read the answer. Raises Unreadable."""
    word, is_kept, kept = parts.get("retire profile", "").partition("\n")
    ledger = [line.partition(" ") for line in parts.get("retire ledger", "").splitlines()]
    noted = {kind: tuple(dict.fromkeys(n for k, _, n in ledger if k == kind)) for kind, _, _ in ledger}
    images = (line.partition(" ") for line in parts.get("retire images", "").splitlines())
    return Leavings(
        containers=tuple(map(_container, parts.get("retire containers", "").splitlines())),
        images={name: id for name, _, id in images},
        pulled=noted.get("image", ()),
        made=tuple(filter(PATH.fullmatch, noted.get("directory", ()))),
        above=tuple(filter(PATH.fullmatch, noted.get("above", ()))),
        there=frozenset(parts.get("retire there", "").splitlines()),
        kept=kept if word == "kept" and is_kept else None,
    )


def _container(line: str) -> Held:
    told = items(parsed(line))
    if len(told) != 5:
        raise Unreadable("docker inspect told something else of all containers than it was asked")
    labels = table(told[3])
    ours = DIGEST in labels
    return Held(
        name=text(told[0]).removeprefix("/"),
        image_id=text(told[1]),
        image=text(told[2]),
        cluster=text(labels.get("mesofab.cluster")) if ours else "",
        role=text(labels.get("mesofab.role")) if ours else "",
        mounts=tuple(_sources(told[4])),
    )


def _sources(mounts: object) -> Iterator[str]:
    return (source for each in items(mounts) if (source := text(table(each).get("Source"))))
