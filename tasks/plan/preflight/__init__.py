"""What an operator should know of the hosts before a deploy: facts of all hosts become findings."""

from .checks import CHECKS, Check, Finding
from .judge import Report, judge
from .subject import Look

__all__ = ["CHECKS", "Check", "Finding", "Look", "Report", "judge"]
