"""One trivial step on every host: what a login shell says of HOST_IP."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from cluster import check_ip

check_ip()
