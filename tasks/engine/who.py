"""Who started this run, and with what words: hosts are told, and its record is."""

import getpass
import socket
import sys


def who() -> str:
    """Give the operator, and the machine that the run was started on: `ann@desk`."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def typed() -> str:
    """Give what was typed behind `fab`."""
    return " ".join(sys.argv[1:])
