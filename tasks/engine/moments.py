"""Moments as documents have them: in UTC."""

from datetime import UTC, datetime


def now() -> str:
    """Give the moment of now, to the second."""
    return written(datetime.now(UTC))


def written(moment: datetime) -> str:
    """Give a moment, to the second: `2026-12-01T02:27:41Z`."""
    return moment.astimezone(UTC).strftime("%FT%TZ")


def precise(moment: float) -> str:
    """Give a moment of the system's clock, to the millisecond: `2026-12-01T02:27:41.091Z`."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
