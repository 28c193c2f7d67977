"""Which known word a misspelt one is: a slip of the pen, not another meaning."""

import re
from functools import lru_cache


@lru_cache(maxsize=4096)  # what stands in [all:vars] is asked about for every host
def near(word: str, known: tuple[str, ...]) -> str:
    """Return the known word that `word` is a slip of, "" if there is none.

    One letter too many, too few, another or in the wrong place, in the whole or in each of two parts of it;
    case, hyphens and underscores do not count.
    """
    squeezed = _squeezed(word)
    same = [k for k in known if _squeezed(k) == squeezed]
    slips = [k for k in known if is_slip(squeezed, _squeezed(k))]
    parts = [k for k in known if _parts_are_slips(word.lower(), k)]
    return next(iter([*same, *slips, *parts]), "")


@lru_cache(maxsize=4096)
def _squeezed(word: str) -> str:
    return re.sub("[^a-z0-9]", "", word.lower())


def _parts_are_slips(word: str, known: str) -> bool:
    pairs = list(zip(re.split("[-_.]", word), known.split("_"), strict=False))
    other = [(one, right) for one, right in pairs if one != right]
    same_shape = len(re.split("[-_.]", word)) == len(known.split("_"))
    return (
        same_shape and len(other) <= 2 and all(len(right) > 3 and is_slip(one, right) for one, right in other)
    )


def is_slip(one: str, other: str) -> bool:
    """Tell whether two words differ by one letter, or by two neighbours that changed places."""
    if abs(len(one) - len(other)) > 1:
        return False
    begin = _common(one, other)
    end = min(_common(one[::-1], other[::-1]), min(len(one), len(other)) - begin)
    a, b = one[begin : len(one) - end], other[begin : len(other) - end]
    return max(len(a), len(b)) <= 1 or (len(a) == 2 and a == b[::-1])


def _common(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
