"""A stand-in for Marathon 1.5: its edges, not its code. Test equipment for the lab."""

from pathlib import Path

_SAID = Path(__file__).with_name("version")

# What an image is tagged stands in a file of its own; the sources are 1.5.8.
VERSION = _SAID.read_text().strip() if _SAID.exists() else "1.5.8"
