"""What holds for all our own tests."""

import gc
import os

from hypothesis import settings

# No test asserts a speed; and all of them are run often, each time with other examples.
settings.register_profile("quick", deadline=None, max_examples=25)
settings.register_profile("nightly", deadline=None, max_examples=10_000)
settings.load_profile("quick")

# It has done its work for this pytest; the output of those that tests start is read, so it is as written.
os.environ.pop("PYTEST_ADDOPTS", None)


def pytest_collection_finish() -> None:
    """Keep all that imports and collection made out of the garbage collector's rounds: it stays anyway."""
    gc.freeze()
