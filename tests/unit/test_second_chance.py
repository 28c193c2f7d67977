"""What CI does with tests that fail, tried on a few that fail at will; and how often `make stress` counts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTEST = (sys.executable, "-m", "pytest")
FAILS_ONCE = """
from pathlib import Path
def test_it():
    tried = Path("tried")
    if not tried.exists():
        tried.touch()
        raise AssertionError
"""
FAILS = "def test_it(): assert False"
PASSES = "def test_other(): pass"
LIGHT = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "pytest_timeout"}
"""Have pytest start without the plugins that these tests do not need, which takes half as long."""


def run(where: Path, *words: str, **environment: str) -> tuple[int, list[str]]:
    """Run one of our programs in a directory; return its exit code, and its output by lines."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=where,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout.splitlines()


def chances(where: Path, *tests: str) -> tuple[int, list[str]]:
    """Give the tests of these texts, each in a file of its own, their chances."""
    (where / "pytest.ini").write_text("[pytest]\n")
    for number, text in enumerate(tests):
        (where / f"test_{number}.py").write_text(text)
    return run(where, str(ROOT / "tests/second_chance.py"), "--strict-markers", *PYTEST, **LIGHT)


def test_what_passes_at_once_is_run_once(tmp_path: Path) -> None:
    code, said = chances(tmp_path, PASSES)
    assert (code, said.count("collected 1 item")) == (0, 1)
    assert "1 passed" in said[-1]


def test_a_test_that_passes_only_the_second_time_is_no_failure_and_is_named_as_flaky(tmp_path: Path) -> None:
    code, said = chances(tmp_path, FAILS_ONCE, PASSES)
    assert code == 0
    assert "flaky: failed, then passed: test_0.py::test_it" in said
    assert any("1 failed, 1 passed" in line for line in said)
    assert "1 passed" in said[-1]


def test_one_that_fails_twice_is_a_failure_whatever_becomes_of_the_others(tmp_path: Path) -> None:
    code, said = chances(tmp_path, FAILS_ONCE, FAILS)
    assert code == 1
    assert "flaky: failed, then passed: test_0.py::test_it" in said
    assert "failed, and did not pass then: test_1.py::test_it" in said
    assert "1 failed, 1 passed" in said[-1]


def test_a_test_that_is_skipped_the_second_time_has_not_passed(tmp_path: Path) -> None:
    skips = "    import pytest\n    if tried.exists(): pytest.skip()\n    if not"
    code, said = chances(tmp_path, FAILS_ONCE.replace("    if not", skips))
    assert code == 1
    assert "failed, and did not pass then: test_0.py::test_it" in said


def test_an_error_of_a_fixture_has_a_second_chance_too(tmp_path: Path) -> None:
    fixture = FAILS_ONCE.replace("def test_it", "import pytest\n@pytest.fixture\ndef it")
    code, said = chances(tmp_path, f"{fixture}\ndef test_it(it): pass")
    assert (code, "flaky: failed, then passed: test_0.py::test_it" in said) == (0, True)


BAD_LUCK = """
import pytest
@pytest.mark.parametrize("n", range({}))
def test_it(n): assert False
"""


@pytest.mark.parametrize(
    "tests, again",
    [
        ((FAILS, "import nothing_of_this_name"), False),
        ((BAD_LUCK.format(11),), False),
        ((BAD_LUCK.format(10),), True),
    ],
    ids=["a file that cannot be collected", "eleven failures", "ten"],
)
def test_tests_that_could_not_be_run_and_too_many_failures_have_no_second_chance(
    tmp_path: Path, tests: tuple[str, ...], again: bool
) -> None:
    code, said = chances(tmp_path, *tests)
    assert code in (1, 2)
    assert any("Running each once more" in line for line in said) is again


def test_what_failed_in_an_earlier_run_does_not_count(tmp_path: Path) -> None:
    assert chances(tmp_path, FAILS)[0] == 1
    (tmp_path / "test_0.py").unlink()
    code, said = chances(tmp_path)
    assert code == pytest.ExitCode.NO_TESTS_COLLECTED
    assert not any("Running each once more" in line for line in said)


def test_a_stressed_test_is_told_with_how_often_it_passed(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_0.py").write_text(f"{FAILS_ONCE}\n{PASSES}")
    code, said = run(tmp_path, str(ROOT / "tests/stress.py"), "2", "test_0.py", **LIGHT)
    assert (code, said[-2:]) == (1, ["passed 1 of 2: test_0::test_it", "passed 2 of 2: test_0::test_other"])
    assert run(tmp_path, str(ROOT / "tests/stress.py"), "1", "test_0.py", **LIGHT)[0] == 0


def test_pytests_variable_does_not_reach_those_that_tests_start() -> None:
    one = "tests/unit/test_suite_selection.py::test_plain_pytest_never_collects_the_suite"
    code, said = run(ROOT, *PYTEST[1:], "-p", "no:cacheprovider", one, PYTEST_ADDOPTS="-v")
    assert code == 0, said
