"""One small change on every host: the HOST_IP line."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from cluster import host_ip

host_ip()
