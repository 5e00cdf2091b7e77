"""Every regular expression in the package takes time in proportion to its text, whatever the text."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import consentkit
from consentkit import http, injection
from consentkit.gates import set_cookie
from tests.rewrite.dom import REFUSED

_SOURCE = Path(consentkit.__file__).parent
_METHODS = ("match", "fullmatch", "search", "sub", "split", "findall", "finditer")
#: What doubling the text may cost at most; twice as much would be exact, four times as much quadratic.
_MOST = 2.5
_LONGEST = 65_536
_TRIES = 6
_COMMON = "a0 <>\"'=/-,;.:&#%*({[\n\\!x"

AnyPattern = re.Pattern[str] | re.Pattern[bytes]


def _modules() -> Iterator[Any]:
    for info in pkgutil.walk_packages(consentkit.__path__, "consentkit."):
        if not info.name.endswith("__main__"):
            yield importlib.import_module(info.name)


def _found_in(value: object, depth: int = 3) -> Iterator[AnyPattern]:
    """The patterns in a value: itself, or in the containers and classes it consists of."""
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, dict):
        yield from (p for item in value.items() for part in item for p in _found_in(part, depth - 1))
    elif depth and isinstance(value, (list, tuple, set, frozenset)):
        yield from (p for part in value for p in _found_in(part, depth - 1))
    elif depth and isinstance(value, type) and value.__module__.startswith("consentkit"):
        yield from (p for part in vars(value).values() for p in _found_in(part, depth - 1))
    elif depth and type(value).__module__.startswith("consentkit"):
        yield from (p for part in getattr(value, "__dict__", {}).values() for p in _found_in(part, depth - 1))


def _trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(_SOURCE.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id == "re" and node.func.attr in (*_METHODS, "compile"):
                yield node


def _written_in_functions() -> Iterator[tuple[str, ast.Call]]:
    for path, tree in _trees():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                yield from ((f"{path.stem}.{function.name}", call) for call in _calls(function))


def _method_names() -> dict[tuple[str, str], set[str]]:
    """The methods of patterns that are called on a name, by module; under no module those on a public name anywhere."""
    names: dict[tuple[str, str], set[str]] = {}
    for path, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in _METHODS and isinstance(node.value, ast.Name):
                name = node.value.id
                names.setdefault((path.stem if name.startswith("_") else "", name), set()).add(node.attr)
    return names


#: Patterns that are never searched with: they are handed on before they are used, or read what another has matched.
_ONLY_MATCHED = ("._REST.", ".SCRIPT_REST.", ".FRAME_REST.", "set_cookie._matcher", "gates.links._PARAMETER.")


#: Patterns that are made while the program runs, as they are made.
_MADE: dict[str, Callable[[], AnyPattern]] = {
    "http.cookie_pattern": lambda: http.cookie_pattern(b"__Host-consent"),
    "set_cookie._matcher": lambda: re.compile(
        b"|".join(set_cookie._expression(x, rb"[\x00-\xff]") + rb"\Z" for x in ("_ga*", "*_id_*", "session"))
    ),
    "set_cookie._finder": lambda: set_cookie._finder(["_ga*", "*_id_*", "session"]).__self__,  # type: ignore[attr-defined]
    "injection._nonce": lambda: re.compile(rf"(?:^|[;,])\s*+style-src\s[^;,]*?{injection._NONCE}", re.IGNORECASE),
    "rules.__init__": lambda: REFUSED._inline.pattern or re.compile(b""),
}


def test_no_pattern_escapes_the_test() -> None:
    """A pattern made inside a function is either written out there, or known here."""
    unknown = {
        name
        for name, call in _written_in_functions()
        if not (call.args and isinstance(call.args[0], ast.Constant)) and name not in _MADE
    }
    kept = {"wording_rules._whole", "wording_rules._inside", "plain._element"}
    assert unknown <= kept, "those are kept in the module, and found there"


def _methods_for(name: str, known: set[str] | None) -> set[str]:
    return {"match"} if any(x in name for x in _ONLY_MATCHED) else known or {"match", "search"}


def _all_patterns() -> dict[str, tuple[AnyPattern, set[str]]]:
    """Every pattern by a name, with the methods called on it; where those are not known, `match` and `search`."""
    methods = _method_names()
    found: dict[str, tuple[AnyPattern, set[str]]] = {}
    for module in _modules():
        for name, value in vars(module).items():
            if name not in vars(consentkit) or module is consentkit:
                for number, pattern in enumerate(dict.fromkeys(_found_in(value))):
                    called = f"{module.__name__[11:]}.{name}.{number}"
                    owner = module.__name__.rpartition(".")[2] if name.startswith("_") else ""
                    known = methods.get((owner, name)) if isinstance(value, re.Pattern) else None
                    found[called] = pattern, _methods_for(called, known)
    for name, make in _MADE.items():
        found[name] = make(), _methods_for(name, None)
    for name, call in _written_in_functions():
        written = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
        if isinstance(written, str) and isinstance(call.func, ast.Attribute):
            found[f"{name} {call.lineno}"] = re.compile(written), {call.func.attr} - {"compile"} or {"search"}
    return found


PATTERNS = _all_patterns()


def _units(pattern: AnyPattern) -> list[str]:
    """Short texts that, repeated, may make the pattern try again and again: its own characters, words and pairs."""
    written = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    plain = re.sub(r"\\[a-zA-Z0-9]|[\\()\[\]?*+^$|{}]", " ", written)
    words = sorted(set(re.findall(r"[^ ]{2,24}", plain)))[:24]
    characters = "".join(dict.fromkeys(_COMMON + "".join(words)))[:40]
    ends = words[:8] + list('a <"=/-;')
    return [
        *characters,
        *words,
        *map("".join, product(characters[:14], repeat=2)),
        *map("".join, product(words[:8], ends)),
    ]


def _texts(pattern: AnyPattern, unit: str, size: int, closing: str) -> Any:
    text = closing + unit * (size // len(unit)) + closing
    return text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text


def _run(pattern: AnyPattern, method: str, text: Any) -> None:
    if method == "sub":
        pattern.sub(lambda _: text[:1], text)
    elif method == "finditer":
        for _ in pattern.finditer(text):
            pass
    else:
        getattr(pattern, method)(text)


def _seconds(pattern: AnyPattern, method: str, text: Any, *, least: float = 0.0) -> float:
    """How long the method takes, at best of two, over as many rounds as fill `least` seconds."""
    rounds, best = 1, float("inf")
    for _ in range(2):
        while True:
            started = time.thread_time()
            for _ in range(rounds):
                _run(pattern, method, text)
            taken = time.thread_time() - started
            if taken >= least:
                break
            rounds = max(rounds * 2, int(rounds * least / max(taken, 1e-7)))
        best = min(best, taken / rounds)
    return best


def _worst(pattern: AnyPattern, method: str) -> list[tuple[str, str]]:
    """The units and closings that cost most, looked for with short texts that grow, so that none can take for ever."""
    tried = list(product(_units(pattern), ("", "\x00")))
    for size in (16, 22, 60, 250, 1500):
        costs = sorted(((_once(pattern, method, unit, size, end), unit, end) for unit, end in tried), reverse=True)
        if costs[0][0] > 0.02:
            return [costs[0][1:]]
        tried = [x[1:] for x in costs[: max(4, len(tried) // 6)]]
    return tried[:3]


def _once(pattern: AnyPattern, method: str, unit: str, size: int, closing: str) -> float:
    text = _texts(pattern, unit, size, closing)
    started = time.thread_time()
    _run(pattern, method, text)
    return time.thread_time() - started


def _growth(pattern: AnyPattern, method: str, unit: str, closing: str) -> float:
    """How much longer the longest text takes than half of it; the sizes rise, so that what explodes is seen early."""
    for size in (16, 20, 24, 28, 60, 1024, 4096, 16_384):
        if _once(pattern, method, unit, size, closing) > 0.04:
            return float("inf")
    half, whole = (_texts(pattern, unit, size, closing) for size in (_LONGEST // 2, _LONGEST))
    return _seconds(pattern, method, whole, least=0.002) / _seconds(pattern, method, half, least=0.002)


def _grows_too_fast(pattern: AnyPattern, method: str) -> str:
    """The unit with which the time more than doubles, whenever it is measured; empty when there is none."""
    for unit, closing in _worst(pattern, method):
        growth = _growth(pattern, method, unit, closing)
        tries = 1
        while _MOST <= growth < float("inf") and tries < _TRIES:
            growth = _growth(pattern, method, unit, closing)
            tries += 1
        if growth >= _MOST:
            return repr((unit, closing))
    return ""


@pytest.mark.parametrize("name", PATTERNS)
def test_twice_the_text_takes_twice_the_time(name: str) -> None:
    """Up to 64 KB of the worst text found for a pattern, doubling it less than multiplies its time by 2.5."""
    pattern, methods = PATTERNS[name]
    for method in sorted(methods):
        assert not _grows_too_fast(pattern, method), (method, pattern.pattern)


@pytest.mark.parametrize("written", [r"a*b", r"<[^>]*>", r"\s*,", r"(a|a)*b", r"(a+)+$"])
def test_patterns_that_are_not_linear_are_caught(written: str) -> None:
    """The measure sees patterns that are quadratic when searched with, and worse ones."""
    assert _grows_too_fast(re.compile(written), "search")


def test_many_patterns_are_found() -> None:
    """The search for patterns finds those of every kind of place: modules, tables, classes and functions."""
    assert len(PATTERNS) > 100
    for place in ("rewrite.patterns.RAW_ENDS.0", "rewrite.tags.TAG_NAME.0", "http.cookie_pattern"):
        assert place in PATTERNS
