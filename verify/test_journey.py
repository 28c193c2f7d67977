"""How the journeys went (verify.journeys): they began before the first check."""

from collections.abc import Mapping
from concurrent.futures import Future

import pytest

from tasks.inventory.cluster import Cluster

from .journeys import JOURNEYS

pytestmark = [pytest.mark.role("marathon"), pytest.mark.journey]


@pytest.fixture
def journey(
    request: pytest.FixtureRequest, cluster: Cluster, journeys: Mapping[str, Future[None]]
) -> Future[None]:
    """The journey that the test tells of; the test is left out if no agent could run it."""
    if obstacle := JOURNEYS[request.node.name].obstacle(cluster):
        pytest.skip(f"{request.node.name}: {obstacle}")
    return journeys[request.node.name]


def test_a_command_is_launched_reached_scaled_and_removed(journey: Future[None]) -> None:
    journey.result()


def test_a_command_that_is_killed_has_a_successor(journey: Future[None]) -> None:
    journey.result()


def test_a_docker_container_is_launched_reached_scaled_and_removed(journey: Future[None]) -> None:
    journey.result()


def test_a_docker_container_that_is_killed_has_a_successor(journey: Future[None]) -> None:
    journey.result()
