"""The file of secrets: read strictly, shown nowhere, made once."""

import json
import pickle
import stat
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import TRIO, any_json, messages

from tasks import inventory
from tasks.engine import keys
from tasks.errors import BadInput
from tasks.inventory.credentials import WHO, BadCredentials, Credential, Secret, read, written

LONG = "correct-horse-battery"
GIVEN = {who: {"principal": f"the-{who}", "secret": f"{LONG}-{who}"} for who in WHO}


def problems(text: str) -> list[str]:
    try:
        read(text)
    except BadCredentials as error:
        return error.problems
    return []


def changed(who: str, **changes: str) -> str:
    return json.dumps({**GIVEN, who: {**GIVEN[who], **changes}})


def test_json_and_yaml_say_the_same() -> None:
    yaml = "".join(
        f"{who}: # one\n  principal: {own['principal']}\n\n  secret: '{own['secret']}' # long\n"
        for who, own in GIVEN.items()
    )
    assert read(f"---\n# ours\n{yaml}") == read(json.dumps(GIVEN))


def test_masters_know_everybody_but_zookeepers_clients_and_an_agent_shows_itself() -> None:
    found = read(json.dumps(GIVEN))
    known = json.loads(found.masters.text)["credentials"]
    assert known == [GIVEN[who] for who in ("agent", "marathon", "operator")]
    assert json.loads(found.agents.text) == GIVEN["agent"]


def test_what_is_written_is_read_again() -> None:
    of = {who: Credential(who, Secret(f"{LONG}{who}")) for who in WHO}
    assert read(written(of)).of == of


@pytest.mark.parametrize(
    "text, told",
    [
        (changed("agent", secret="a:" + LONG), "agent: its secret has a colon"),
        (changed("agent", secret=LONG + "\n"), "agent: its secret has a newline"),
        (changed("agent", secret=""), "agent: its secret is empty"),
        (changed("operator", secret="short"), "operator: its secret has 5 characters; give it 16 to 128"),
        (changed("operator", secret=LONG + '"'), "operator: its secret has a character that is none of"),
        (changed("agent", principal="the marathon"), "agent: its principal is not of letters"),
        (changed("agent", principal="the-marathon"), "the principal the-marathon is there twice"),
        (changed("agent", secrte=LONG), "agent: 'secrte' is not known; did you mean secret?"),
        (json.dumps({**GIVEN, "agnet": {}}), "'agnet' is not known; did you mean agent?"),
        (json.dumps({**GIVEN, "nobody": {}}), "'nobody' is not known; there are agent, marathon"),
        (json.dumps({**GIVEN, "agent": LONG}), "'agent' is not an object"),
        ("", "agent and marathon and operator and zookeeper missing; `fab secrets.make`"),
        ("{", "line 1 is not JSON"),
        ("agent:\n  principal: a\nsecret\n", "line 3 is none of"),
        ("agent:\nagent:\n", "line 2 is none of"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_remedy(text: str, told: str) -> None:
    found = problems(text)
    assert any(each.startswith(told) for each in found), found
    assert LONG not in " ".join(found)


@given(st.text(max_size=60) | any_json(*WHO, "principal", "secret").map(json.dumps))
def test_any_text_is_credentials_or_has_problems(text: str) -> None:
    assert problems(text) or read(text)


def test_a_secret_is_shown_in_no_way() -> None:
    one = read(json.dumps(GIVEN))
    shown = [f"{each!r} {each} {each!s:>9} {[each]}" for each in (one, one.masters, one.of["agent"].secret)]
    assert LONG not in " ".join(shown)
    for escape in (pickle.dumps, deepcopy, json.dumps):
        with pytest.raises(TypeError):
            escape(one.masters)


# The file


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of secrets that a hosts.ini, which is in force, names beside itself."""
    file = tmp_path / "hosts.ini"
    file.write_text(f"{TRIO}[all:vars]\nsecurity=permissive\nsecrets_file=s.yml\n")
    monkeypatch.setenv("INVENTORY", str(file))
    return tmp_path / "s.yml"


def test_what_is_not_open_needs_a_file_of_secrets() -> None:
    told = messages(f"{TRIO}[all:vars]\nsecurity=permissive\n")
    assert told == [
        "hosts.ini:6: security=permissive needs principals and secrets, and no secrets_file names them; "
        "`fab secrets.make --out FILE` makes such a file; then add secrets_file=FILE"
    ]


def test_a_word_that_is_none_for_security_is_refused_with_those_that_are() -> None:
    told = messages(f"{TRIO}[all:vars]\nsecurity=closed\nsecrets_file=s\n")
    assert told == ["hosts.ini:6: security is 'closed'; write open or permissive or strict"]


@pytest.mark.parametrize("security, has, asks", [("open", False, True), ("strict", True, True)])
def test_who_asks_is_known_whatever_the_cluster_is_to_be(
    secrets: Path, security: str, has: bool, asks: bool
) -> None:
    keys.make(str(secrets))
    hosts_ini = secrets.parent / "hosts.ini"
    hosts_ini.write_text(hosts_ini.read_text().replace("permissive", security))
    found = inventory.load()
    assert (found.credentials is not None, found.kept is not None) == (has, asks)
    if not has:
        secrets.unlink()
        assert inventory.load().kept is None


def test_fresh_secrets_are_long_and_different_and_for_their_owner_alone(secrets: Path) -> None:
    told = keys.make(None)
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600 and str(secrets) in told
    found = inventory.load().credentials
    assert found and set(found.of) == set(WHO)
    texts = {one.secret.text for one in found.of.values()}
    assert len(texts) == 4 and all(len(text) == 40 and text not in told for text in texts)


def test_no_secrets_are_written_over(tmp_path: Path) -> None:
    file, link = tmp_path / "s.yml", tmp_path / "link"
    file.write_text("in use\n")
    link.symlink_to(tmp_path / "elsewhere")
    for place in (file, link):
        with pytest.raises(BadInput, match="is there already"):
            keys.make(str(place))
    assert file.read_text() == "in use\n" and not (tmp_path / "elsewhere").exists()


def test_nobody_named_a_place_for_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hosts.ini").write_text(TRIO)
    monkeypatch.setenv("INVENTORY", str(tmp_path / "hosts.ini"))
    with pytest.raises(BadInput, match="names no secrets_file; say where to: fab secrets.make --out FILE"):
        keys.make(None)
    with pytest.raises(BadInput, match="No such file or directory"):
        keys.make(str(tmp_path / "no/where"))


def test_secrets_that_others_can_read_are_refused(secrets: Path) -> None:
    for mode in (0o640, 0o604):
        secrets.write_text(json.dumps(GIVEN))
        secrets.chmod(mode)
        with pytest.raises(BadInput, match=r"hosts.ini:7: secrets_file .*others than you can read; chmod"):
            inventory.load()
    secrets.chmod(0o600)
    assert inventory.load().credentials == read(json.dumps(GIVEN))


def test_a_file_of_secrets_that_is_not_there_or_is_none_is_told_with_its_place(secrets: Path) -> None:
    with pytest.raises(BadInput, match=r"names .*s.yml, which cannot be read .*fab secrets.make --out"):
        inventory.load()
    secrets.touch(0o600)
    secrets.write_bytes(b"\xff")
    with pytest.raises(BadInput, match="not UTF-8"):
        inventory.load()
    secrets.write_text("agent:\n")
    with pytest.raises(BadInput, match="s.yml: agent: principal and secret missing"):
        inventory.load()


def test_an_open_cluster_needs_no_secrets(secrets: Path) -> None:
    (secrets.parent / "hosts.ini").write_text(f"{TRIO}[all:vars]\nsecrets_file=not-there\n")
    assert inventory.load().credentials is None


def test_a_file_that_ansible_vault_has_encrypted_is_read_through_it(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = str(Path(sys.executable).with_name("ansible-vault"))
    password = secrets.parent / "password"
    password.write_text("open sesame\n")
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(password))
    secrets.write_text(json.dumps(GIVEN))
    subprocess.run([vault, "encrypt", str(secrets)], check=True, capture_output=True)
    assert secrets.read_text().startswith("$ANSIBLE_VAULT;")
    assert inventory.load().credentials == read(json.dumps(GIVEN))
