"""Versions in the tags of images."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.plan.look.versions import Version, of_image, of_text

NUMBER = st.integers(0, 999_999)


@given(
    version=st.tuples(NUMBER, NUMBER, NUMBER),
    registry=st.sampled_from(["", "10.70.0.2:5000/", "Registry.example.com/"]),
    repository=st.sampled_from(["marathon", "mesosphere/marathon", "lab/marathon-stand-in"]),
    v=st.sampled_from(["", "v"]),
    suffix=st.sampled_from(["", "-rc1", "-1-g0a1b2c3", "_s390x", ".dirty"]),
    digest=st.sampled_from(["", f"@sha256:{'0a' * 32}"]),
)
def test_a_version_is_read_from_a_tag_whatever_stands_around_it(
    version: Version, registry: str, repository: str, v: str, suffix: str, digest: str
) -> None:
    tag = f"{v}{'.'.join(map(str, version))}{suffix}"
    assert of_image(f"{registry}{repository}:{tag}{digest}") == version


@pytest.mark.parametrize(
    "reference",
    [
        "mesosphere/marathon",
        "mesosphere/marathon:latest",
        "mesosphere/marathon:1.5",
        "mesosphere/marathon:1.5.8.1",
        "mesosphere/marathon:build-1.5.8",
        f"mesosphere/marathon@sha256:{'0a' * 32}",
        "10.70.0.2:5000/marathon",
        "1.5.8",
        "no image at all",
        "",
    ],
)
def test_a_tag_that_names_no_version_is_not_guessed_at(reference: str) -> None:
    assert of_image(reference) is None


@given(st.text(max_size=12))
def test_any_text_is_a_version_of_three_numbers_or_none(text: str) -> None:
    found = of_text(text)
    assert found is None or len(found) == 3


def test_versions_are_ordered_by_number_not_by_text() -> None:
    assert (of_text("1.5.10") or ()) > (of_text("v1.5.9") or ())
