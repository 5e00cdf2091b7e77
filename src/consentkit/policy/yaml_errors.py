"""The YAML parser's complaints, in words that say what to change."""

from __future__ import annotations

from typing import Any

from ruamel.yaml.error import MarkedYAMLError

from consentkit.errors import Problem

#: Part of the parser's message, and what we say instead. The first that fits is used.
_SENTENCES = (
    ("found character '\\t'", "a tab is used for indentation; YAML allows spaces only"),
    ("mapping values are not allowed", "a colon isn't expected here; put text with `: ` in it in quotes"),
    (
        "expected ',' or ']'",
        "the list opened here with [ is not closed; write ] at its end, and commas between items",
    ),
    (
        "expected ',' or '}'",
        "the mapping opened here with { is not closed; write } at its end, and commas between pairs",
    ),
    ("found unexpected end of stream", "the quote opened here is never closed"),
    ("that cannot start any token", "text can't begin with this character; put the text in quotes"),
    ("found '<scalar>'", "there is text after the end of a value; put the whole value in quotes"),
    (
        "found '<block mapping start>'",
        "this line's indentation fits no line above; indent keys of one level alike",
    ),
    (
        "expected <block end>",
        "this doesn't belong here; check the indentation, and quotes and brackets above",
    ),
    ("could not find expected ':'", "a key needs a colon and a space after it: `key: value`"),
    ("expected the node content", "a value is missing here; write one, or close the bracket before it"),
    ("found undefined tag handle", "tags (!name) are not allowed; write the plain value"),
    (
        "found unknown escape",
        'this escape is unknown; write \\\\ for a backslash in "…", or use single quotes',
    ),
    ("found undefined alias", "this alias stands for no anchor above"),
    (
        "alphabetic or numeric character",
        "text can't begin with * or & (they name anchors); put the text in quotes",
    ),
)


#: Where it begins tells more than where the parser gave up.
_AT_BEGINNING = ("found unexpected end of stream", "could not find expected ':'", "expected ',' or")


def syntax_problem(error: MarkedYAMLError, text: str) -> Problem:
    """The `Problem` for what the YAML parser found in `text`."""
    marked: Any = error
    found = str(marked.problem or "")
    begins = found.startswith(_AT_BEGINNING) and marked.context_mark is not None
    mark = marked.context_mark if begins else marked.problem_mark or marked.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    message = next((sentence for part, sentence in _SENTENCES if part in found), f"not valid YAML: {found}")
    if _tab_in_indentation(text, line):
        message, column = _SENTENCES[0][1], 1
    return Problem(message, line=line, column=column)


def _tab_in_indentation(text: str, line: int) -> bool:
    lines = text.split("\n")
    found = lines[line - 1] if line <= len(lines) else ""
    return "\t" in found[: len(found) - len(found.lstrip())]
