"""How long `import consentkit` and loading a policy take, against importing what it builds on alone.

Each time in a process of its own; the interpreter's own start isn't counted. The first process writes the bytecode.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial

from benchmarks.baselines import ROOT
from benchmarks.table import Effort, Row, at_most, compared, interleaved

TITLE = "Import (processor time in a fresh process)"
_POLICY = "examples/newsroom/consent.yaml"
_TIMED = "import time; begun = time.process_time()\n{}\nprint((time.process_time() - begun) * 1000)"
_OURS = f"import consentkit; consentkit.load_policy({_POLICY!r})"
#: What an app needs of these packages at least; some load their parts only when asked for them.
_READY = (
    "import jinja2, itsdangerous, starlette.applications, ruamel.yaml\n"
    "from pydantic import BaseModel, field_validator, model_validator"
)
_NAMES_ONLY = "import starlette, pydantic, jinja2, itsdangerous, ruamel.yaml"


def rows(effort: Effort) -> Iterator[Row]:
    """The rows about imports."""
    codes = {"ours": _OURS, "import only": "import consentkit", "ready": _READY, "names": _NAMES_ONLY}
    found = interleaved(min(effort.rounds, 11), {name: partial(milliseconds, code) for name, code in codes.items()})
    five = "starlette, pydantic, jinja2, itsdangerous, ruamel.yaml"
    yield at_most(f"with policy; {five}", found, "ours", "ready", "ms", most=1.3)
    yield compared("with policy; the same, bare names (parts load later)", found, "ours", "names", "ms")
    yield compared("import alone; ready to use", found, "import only", "ready", "ms")


def milliseconds(code: str) -> float:
    """Processor time of `code` in a fresh process, without the interpreter's start."""
    command = [sys.executable, "-c", _TIMED.format(code)]
    # An installed package has its bytecode; this one would be compiled each time where writing it is switched off.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=env)  # noqa: S603 - our own code
    return float(done.stdout)
