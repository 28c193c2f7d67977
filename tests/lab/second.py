"""The lab in the world beside (see `beside`): it gets its images from this world's engine."""

import os
import subprocess

import docker

from lab import engine, images, waiting

OUTSIDE = os.environ.get("OUTSIDE", "")
"""Where this world's engine is reached from the world beside; empty in this one."""


def bring_images() -> None:
    """Wait until this world's lab has built its images, and have the engine beside load those it lacks."""
    waiting.until("the first lab's images", 1100, _not_built)
    engine.ensure()
    if lacking := [image.tag for image in images.missing()]:
        with subprocess.Popen(
            ["docker", "-H", f"unix://{OUTSIDE}", "save", *lacking], stdout=subprocess.PIPE
        ) as saved:
            subprocess.run(["docker", "load", "-q"], stdin=saved.stdout, check=True, timeout=600)


def _not_built() -> str | None:
    try:
        client = docker.DockerClient(base_url=f"unix://{OUTSIDE}")
        return ", ".join(image.tag for image in images.missing(client=client)) or None
    except docker.errors.DockerException as error:
        return str(error)
