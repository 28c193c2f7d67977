"""What holds for all our own tests."""

from hypothesis import settings

# No test asserts a speed; and all of them are run often, each time with other examples.
settings.register_profile("quick", deadline=None, max_examples=25)
settings.load_profile("quick")
