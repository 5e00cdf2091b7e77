#!/bin/sh
# Makes the virtual environment and installs the project with everything its tests need.
set -eu
PYTHON="${PYTHON:-python3}"
VENV="${VENV:-.venv}"

"$PYTHON" - <<'CHECK' || { echo "consentkit needs Python 3.11 or newer; set PYTHON=python3.12, for example" >&2; exit 1; }
import sys
raise SystemExit(sys.version_info < (3, 11))
CHECK

if ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
    if ! "$PYTHON" -m venv "$VENV" 2>/dev/null; then
        # Debian keeps the part of Python that puts pip into a new environment in a package of its own.
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
            apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
            "$PYTHON" -m venv --clear "$VENV"
        else
            echo "Python can't make a virtual environment; on Debian and Ubuntu: sudo apt-get install python3-venv" >&2
            exit 1
        fi
    fi
fi
"$VENV/bin/python" -m pip install --quiet --upgrade 'pip>=25.1'
"$VENV/bin/python" -m pip install --quiet --editable . --group dev
