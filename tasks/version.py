"""Which mesofab this is; pyproject.toml says the same (tested)."""

VERSION = "0.1.0"
