#!/bin/sh
# Make a virtual environment: ./setup.sh [DIRECTORY [REQUIREMENTS]], by default .venv from the lock file.
set -eu
cd "$(dirname "$0")"
venv=${1:-.venv} requirements=${2:-requirements.lock}
# The lock file has the hash of every package, and pip accepts no other then.

fail() { echo "setup: $*" >&2; exit 1; }

newest_python() {
    for candidate in python3.14 python3.13 python3.12 python3.11 python3; do
        if command -v "$candidate" >/dev/null &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"; return
        fi
    done
}

python=$(newest_python)
[ -n "$python" ] || fail "needs Python 3.11 or newer; install it (on Debian 12: apt-get install python3)"

# Debian's python3 comes without venv and ensurepip.
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    package="$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    command -v apt-get >/dev/null || fail "$python has no venv module; install it with your package manager"
    [ "$(id -u)" = 0 ] || fail "$python has no venv module; as root: apt-get install $package"
    echo "setup: installing $package"
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "$package"; } \
        >/dev/null || fail "could not install $package; try: apt-get update && apt-get install $package"
fi

echo "setup: making $venv with $python from $requirements (about half a minute)"
rm -rf "$venv"
"$python" -m venv "$venv"
"$venv/bin/pip" install -qq --disable-pip-version-check -r "$requirements" ||
    fail "could not install the packages of $requirements; is the package index reachable?"
echo "setup: $venv is ready"
