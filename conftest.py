"""Has pytest know the acceptance suite: `pytest verify/` and its options.

It stands here because pytest takes plugins from the topmost conftest.py alone.
"""

pytest_plugins = ["verify.plugin"]
