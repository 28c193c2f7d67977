"""Faults of lab hosts, on an engine that is made up."""

import pytest
from docker.errors import APIError

from lab import faults, host
from lab.spec import Host


class Slow:
    """A container that cannot be frozen before the third time that somebody tries."""

    tries = 0

    def pause(self) -> None:
        """Fail as docker does if runc gives up on a busy machine."""
        self.tries += 1
        if self.tries < 3:
            raise APIError("500 Server Error", explanation="OCI runtime pause failed: unable to freeze")


def test_a_host_that_freezes_slowly_is_frozen_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Slow()
    monkeypatch.setattr(faults, "find", Host)
    monkeypatch.setattr(host, "get", lambda one: found)
    monkeypatch.setattr(host, "state", lambda one: "running")
    faults.freeze("10.70.0.11")
    assert found.tries == 3
