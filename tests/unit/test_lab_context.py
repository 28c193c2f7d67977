"""When an image counts as built from what is here now."""

from pathlib import Path

import pytest

from lab.context import Image, digest
from lab.images import ALL


@pytest.fixture
def context(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "start").write_text("#!/bin/sh\n")
    return tmp_path


def test_the_same_context_has_the_same_digest(context: Path) -> None:
    assert digest(context, {"A": "1", "B": "2"}, "p") == digest(context, {"B": "2", "A": "1"}, "p")


def test_a_changed_file_changes_the_digest(context: Path) -> None:
    before = digest(context, {}, "")
    (context / "start").write_text("#!/bin/sh\nexit\n")
    assert digest(context, {}, "") != before


def test_a_renamed_file_changes_the_digest(context: Path) -> None:
    before = digest(context, {}, "")
    (context / "start").rename(context / "begin")
    assert digest(context, {}, "") != before


def test_a_file_that_becomes_executable_changes_the_digest(context: Path) -> None:
    before = digest(context, {}, "")
    (context / "start").chmod(0o755)
    assert digest(context, {}, "") != before


def test_an_argument_or_a_parent_changes_the_digest(context: Path) -> None:
    digests = {digest(context, a, p) for a in ({}, {"V": "1"}, {"V": "2"}) for p in ("", "p")}
    assert len(digests) == 6


def test_a_parent_that_differs_makes_its_children_differ() -> None:
    old, new = Image("lab/base"), Image("lab/base", arguments={"RELEASE": "next"})
    assert Image("lab/host", old).inputs != Image("lab/host", new).inputs


def test_an_image_is_a_generation_younger_than_its_parent() -> None:
    base = Image("lab/base")
    assert (base.generation, Image("lab/host", base).generation) == (0, 1)


@pytest.mark.parametrize("image", ALL, ids=lambda image: image.tag)
def test_every_image_has_a_directory_to_build_it_from(image: Image) -> None:
    assert (image.directory / "Dockerfile").is_file()


@pytest.mark.parametrize("image", ALL, ids=lambda image: image.tag)
def test_every_pushed_image_says_its_version(image: Image) -> None:
    assert not image.variable or image.tag.count(":") == 1
