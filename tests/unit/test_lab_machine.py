"""What the lab concludes about the machine it runs on."""

import pytest

from lab import guard, machine, waiting
from lab.errors import LabError


def status(bounds: str) -> str:
    return f"Name:\tpython3\nCapEff:\t0000000000000000\nCapBnd:\t{bounds}\nSeccomp:\t0\n"


def test_a_full_bounding_set_lacks_nothing() -> None:
    assert not machine.bounding_set_is_short(status("000001ffffffffff"), last=40)


def test_one_missing_capability_is_noticed() -> None:
    assert machine.bounding_set_is_short(status("000001fffeffffff"), last=40)


def test_capabilities_that_an_older_kernel_does_not_know_are_not_missed() -> None:
    assert not machine.bounding_set_is_short(status("0000003fffffffff"), last=37)


def test_a_status_without_bounds_is_an_error_and_no_guess() -> None:
    with pytest.raises(ValueError, match="CapBnd"):
        machine.bounding_set_is_short("Name:\tinit\n", last=40)


def test_mirrors_are_those_of_debian_itself() -> None:
    targets = "\n".join(
        [
            "Packages|Debian|Debian|http://mirror.example/debian/",
            "Translations|Debian|Debian|http://other.example/debian/",
            "Packages|Debian|Debian-Security|http://mirror.example/debian-security/",
            "Packages|Node|Node|http://node.example/",
        ]
    )
    assert machine.parse_mirrors(targets) == {
        "Debian": "http://mirror.example/debian",
        "Debian-Security": "http://mirror.example/debian-security",
    }


def test_a_machine_that_is_no_debian_has_no_mirrors() -> None:
    assert machine.parse_mirrors("") == {}


def test_the_lab_is_here_if_its_bridge_carries_the_address() -> None:
    route = {"dst": "10.70.0.10", "dev": "mesofab0"}
    assert guard.carried(route=lambda _: route)
    guard.require(route=lambda _: route)
    guard.refuse_foreign_network(lambda _: route)


def test_no_packet_is_sent_to_what_only_looks_like_the_lab() -> None:
    route = {"dst": "10.70.0.10", "gateway": "192.0.2.1", "dev": "eth0"}
    assert not guard.carried(route=lambda _: route)
    with pytest.raises(LabError, match=r"fab lab\.up"):
        guard.require(route=lambda _: route)


def test_the_lab_is_not_made_over_a_network_the_machine_is_in() -> None:
    with pytest.raises(LabError, match="eth0"):
        guard.refuse_foreign_network(lambda _: {"dst": "10.70.0.10", "dev": "eth0"})


@pytest.mark.parametrize("route", [{}, {"gateway": "192.0.2.1", "dev": "eth0"}])
def test_the_lab_may_be_made_where_its_network_is_elsewhere_or_nowhere(route: dict[str, str]) -> None:
    guard.refuse_foreign_network(lambda _: route)


def test_waiting_ends_as_soon_as_there_is_no_trouble() -> None:
    troubles = iter(["not yet", None])
    waiting.until("it", 60, lambda: next(troubles))
    assert next(troubles, "asked no further") == "asked no further"


def test_waiting_in_vain_tells_for_what_how_long_and_what_was_seen_last() -> None:
    with pytest.raises(LabError, match=r"0 s for the moon.*last seen: clouds"):
        waiting.until("the moon", 0, lambda: "clouds")
