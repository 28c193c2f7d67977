"""A cluster as a picture, for every page that has it: what it is of, its layout, its templates."""

from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
"""What draws it on a page, beside the page's own templates."""
