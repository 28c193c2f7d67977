"""known_hosts as OpenSSH reads it: which line is for whom, what is passed over, what a key is worth then."""

import base64
import hashlib
import hmac
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paramiko import ECDSAKey, PKey

from tasks.engine.ssh.known_hosts import (
    Changed,
    Entry,
    KnownHosts,
    Revoked,
    Trusted,
    Unknown,
    Verdict,
    algorithms,
    complaints,
    judge,
    read,
)

KEY, OTHER = ECDSAKey.generate(), ECDSAKey.generate()
KIND = "ecdsa-sha2-nistp256"
ED25519 = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)).decode()
OFFERED = ("ssh-ed25519", KIND, "rsa-sha2-512", "rsa-sha2-256")


def line(names: str, key: PKey = KEY, marker: str = "") -> str:
    return f"{marker}{names} {KIND} {key.get_base64()} a comment\n"


def hashed(name: str) -> str:
    salt = hashlib.sha1(f"salt for {name}".encode()).digest()
    digest = hmac.digest(salt, name.encode(), "sha1")
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


def known(text: str) -> KnownHosts:
    entries, skipped = read(text.encode(), "known_hosts")
    assert not skipped
    found = KnownHosts()
    for entry in entries:
        found.add(entry)
    return found


def verdict(text: str, name: str = "web1", bare: str = "", key: PKey = KEY) -> Verdict:
    hosts = known(text)
    return judge(hosts.of(name), hosts.of(bare) if bare else [], key.get_name(), key.asbytes())


@pytest.mark.parametrize(
    "names, name, covered",
    [
        ("web1", "web1", True),
        ("web1", "web10", False),
        ("web1,10.0.0.1", "10.0.0.1", True),
        ("WEB1", "web1", True),
        ("web*", "web17", True),
        ("web?", "web17", False),
        ("*.example.org,!db.example.org", "web.example.org", True),
        ("*.example.org,!db.example.org", "db.example.org", False),
        ("!db.example.org,*.example.org", "db.example.org", False),
        ("!db.example.org", "web.example.org", False),
        ("[web1]:2222", "[web1]:2222", True),
        ("[web1]:2222", "web1", False),
        ("web1", "[web1]:2222", False),
        ("[web1]:*", "[web1]:2222", True),
        ("web[12]", "web1", False),
        ("2001:db8::1", "2001:db8::1", True),
        (hashed("web1"), "web1", True),
        (hashed("[web1]:2222"), "[web1]:2222", True),
        (hashed("web1"), "web2", False),
    ],
)
def test_a_line_is_for_the_names_that_ssh_says_it_is_for(names: str, name: str, covered: bool) -> None:
    assert bool(known(line(names)).of(name)) == covered


@given(st.from_regex(r"[a-z0-9.-]{1,30}", fullmatch=True))
def test_a_hashed_name_is_found_as_the_name_itself_is(name: str) -> None:
    assert known(line(hashed(name))).of(name.upper())
    assert not known(line(hashed(f"{name}x"))).of(name)


@given(st.binary(max_size=200))
def test_whatever_stands_in_a_file_is_an_entry_or_passed_over_with_its_line(junk: bytes) -> None:
    entries, skipped = read(junk + b"\n" + line("web1").encode(), "known_hosts")
    assert entries[-1].names == "web1"
    assert all(1 <= each.number <= junk.count(b"\n") + 1 and each.why for each in skipped)


@pytest.mark.parametrize(
    "text, why",
    [
        ("web1\n", "not of the form HOSTS TYPE KEY"),
        ("web1 ssh-ed25519\n", "not of the form HOSTS TYPE KEY"),
        ("@trusted web1 ssh-ed25519 AAAA\n", "an unknown marker"),
        ("web1 1024 35 1234567890\n", "a key of SSH 1"),
        (f"web1 ssh-dss {ED25519}\n", "a type of key that is not known here"),
        ("web1 ssh-ed25519 AAAA!\n", "a key that is damaged"),
        (f"web1 ssh-rsa {ED25519}\n", "a key that is damaged"),
        (f"|1|abc|def ssh-ed25519 {ED25519}\n", "a hashed name that is damaged"),
        (f"|2|{'A' * 28}|{'A' * 27}= ssh-ed25519 {ED25519}\n", "a hashed name that is damaged"),
        ("caf\xe9 ssh-ed25519\n", "not of the form HOSTS TYPE KEY"),
    ],
)
def test_a_line_that_is_of_no_use_is_passed_over_with_its_number_and_the_reason(text: str, why: str) -> None:
    entries, skipped = read(f"# a comment\n\n{text}{line('web1')}".encode("latin-1"), "known_hosts")
    assert [entry.number for entry in entries] == [4]
    assert list(complaints("known_hosts", skipped)) == [f"known_hosts:3: skipped, {why}"]


def test_latin_1_in_a_comment_harms_nothing() -> None:
    entries, skipped = read(line("web1").replace("comment", "caf\xe9").encode("latin-1"), "known_hosts")
    assert len(entries) == 1 and not skipped


def test_many_bad_lines_are_one_complaint() -> None:
    _, skipped = read(b"junk\n" * 9, "known_hosts")
    assert list(complaints("f", skipped)) == [
        "f:1, 2, 3, 4, 5 and 4 more: skipped, not of the form HOSTS TYPE KEY"
    ]


def test_either_of_two_keys_of_one_kind_is_enough() -> None:
    for key in (KEY, OTHER):
        assert isinstance(verdict(line("web1", OTHER) + line("web1", KEY), key=key), Trusted)


def test_another_key_of_the_same_kind_is_a_change_and_its_line_is_told() -> None:
    found = verdict("# first\n" + line("web1", OTHER))
    assert isinstance(found, Changed) and found.entry.place == "known_hosts:2"


def test_a_revoked_key_is_refused_wherever_its_line_stands() -> None:
    trusted, revoked = line("web1"), line("*", marker="@revoked ")
    for text in (trusted + revoked, revoked + trusted, revoked):
        assert isinstance(verdict(text), Revoked)


def test_another_key_that_is_revoked_says_nothing_of_this_one() -> None:
    assert isinstance(verdict(line("*", OTHER, "@revoked ") + line("web1")), Trusted)


def test_a_key_that_only_an_authority_covers_is_not_known_and_that_is_told() -> None:
    found = verdict(line("*.example.org", marker="@cert-authority "), "web1.example.org")
    assert isinstance(found, Unknown) and found.authorities and not found.others


def test_the_key_of_an_authority_is_no_key_of_a_host() -> None:
    assert not isinstance(verdict(line("web1", marker="@cert-authority ")), Trusted)


def test_a_key_is_known_on_another_port_if_the_host_without_a_port_has_it() -> None:
    assert isinstance(verdict(line("web1"), "[web1]:2222", "web1"), Trusted)
    assert isinstance(verdict(line("web1", OTHER), "[web1]:2222", "web1"), Unknown)


def test_the_key_of_a_port_comes_before_that_of_the_host() -> None:
    assert isinstance(verdict(line("[web1]:2222", OTHER) + line("web1"), "[web1]:2222", "web1"), Changed)


def test_other_kinds_of_key_that_a_host_is_known_by_are_told() -> None:
    found = verdict(f"web1 ssh-ed25519 {ED25519}\n")
    assert isinstance(found, Unknown) and [entry.kind for entry in found.others] == ["ssh-ed25519"]


def entry(kind: str, marker: str = "") -> Entry:
    return Entry("f", 1, marker, "web1", kind, b"")


def test_the_kind_of_key_that_is_known_is_asked_for_first() -> None:
    assert algorithms([entry(KIND)], OFFERED, ())[0] == KIND
    assert algorithms([entry("ssh-rsa")], OFFERED, ())[:2] == ["rsa-sha2-512", "rsa-sha2-256"]
    assert algorithms([], OFFERED, ()) == list(OFFERED)


def test_a_revoked_key_or_an_authoritys_is_no_kind_to_ask_for() -> None:
    assert algorithms([entry(KIND, "@revoked"), entry(KIND, "@cert-authority")], OFFERED, ()) == list(OFFERED)


def test_only_what_ssh_config_allows_is_asked_for_unless_that_is_nothing() -> None:
    assert algorithms([entry(KIND)], OFFERED, ("ssh-ed25519", "sk-ssh-ed25519@openssh.com")) == [
        "ssh-ed25519"
    ]
    assert algorithms([], OFFERED, ("ssh-rsa",)) == list(OFFERED)


def test_five_thousand_hashed_names_are_searched_in_a_fraction_of_a_second() -> None:
    text = "".join(line(hashed(f"10.{n // 250}.{n % 250}.1")) for n in range(5000))
    began = time.process_time()
    assert len(known(text).of("10.3.7.1")) == 1
    assert time.process_time() - began < 1  # measured 0.07 s; ours alone, whatever else the machine does
