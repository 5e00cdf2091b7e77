"""The regular expressions that pass whole stretches of a page at once, because nothing in them can matter.

They stop before what they don't know; the scanner then reads on from there byte by byte, as the standard says. So each
may know as little as it likes, but what it passes must be right. The commonest forms come first, in lower case; names
branch by their first letter. Everything is possessive: no byte is tried twice in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from consentkit.rewrite.decisions import LOADING
from consentkit.rewrite.elements import words
from consentkit.rewrite.patterns import BOM
from consentkit.rewrite.tags import ATTRIBUTE, ATTRIBUTES

RAW = words("iframe noembed noframes noscript style textarea title xmp")
#: Start tags whose attributes matter in a body.
HELD = frozenset(LOADING) | words("base")
_STOPS = HELD | RAW | words("col frameset math noscript plaintext svg template")


def _any_case(char: int) -> bytes:
    return b"[%c%c]" % (char, char - 32) if 97 <= char <= 122 else bytes((char,))


def _one_of(names: Iterable[bytes]) -> bytes:
    """A pattern for any of `names` in any case, branching by the first letter."""
    by_letter: dict[int, list[bytes]] = {}
    for name in sorted(names):
        if name:
            by_letter.setdefault(name[0], []).append(name[1:])
    branches = [_any_case(char) + _one_of(rests) for char, rests in by_letter.items()]
    if b"" in names:
        branches.append(b"")
    return branches[0] if len(branches) == 1 else b"(?:" + b"|".join(branches) + b")"


_SPACE = rb"[\t\n\f\r ]"
_AFTER_NAME = rb"(?=[\t\n\f\r />])"
#: The commonest attributes, `name="value"`, and then whatever has neither quotes nor `=`, up to the end of the tag.
_PLAIN_ATTRIBUTES = (
    rb"(?: [a-zA-Z:_-]++=\"[^\"]*+\")*+(?:>|" + _SPACE + rb"[^\"'=>]*+(?:(?<=[a-zA-Z])=\"[^\"]*+\"[^\"'=>]*+)*+>)"
)
#: The beginnings of names that can't become one that matters. `section` and `strong` pass, `script` and `style` don't.
_PLAIN_NAME = (
    rb"(?:[dghjkqruwyz]|a(?!u)|p(?!l)|l(?!in)|s(?:[ampu]|tr|ect|el)|t(?:[abdfh]|r(?!a)|im)|i(?![fmn])|b(?!as)|em(?!b)"
    rb"|f(?![er])|m(?!at)|o(?!b)|n(?!o)|c(?!ol))"
)
_ATTRIBUTES = rb"(?:" + _PLAIN_ATTRIBUTES + rb"|" + _AFTER_NAME + ATTRIBUTES + rb">)"
_OTHER_NAME = rb"(?!" + _one_of(_STOPS) + _AFTER_NAME + rb")[A-Za-z][^\t\n\f\r />]*+"
_COMMENT = rb"!--(?:-?>|(?:[^-]++|-(?!-!?>))*+-->)"
#: What is read like a comment: `<!x>`, `<?x>`, `</ x>`.
_BOGUS = rb"(?:\?|/(?![A-Za-z])|!(?!--|\[|[dD]))[^>]*+>"
_WITH_TEXT = rb"%b" + _ATTRIBUTES + rb"(?:[^<]++|<(?!/))*+</%b>"

_OPEN = rb"(?:" + _SPACE + rb"++|/(?!>)|" + ATTRIBUTE + rb")*+"
_SHAPE = rb"(?:circle|ellipse|line|path|polygon|polyline|rect|stop|use)"
#: Text and drawings without an element that could be left open, be named wrongly, or hold HTML.
_DRAWN = (
    rb"[^<]++|<(?:"
    + b"|".join(
        (
            rb"(?=" + _SHAPE + _AFTER_NAME + rb")[a-z]++" + _OPEN + rb"/>",
            *(x + _AFTER_NAME + _OPEN + rb"></" + x + rb">" for x in (b"path", b"circle", b"rect", b"use")),
            *(x + _AFTER_NAME + _OPEN + rb">[^<]*+</" + x + rb">" for x in (b"title", b"desc")),
        )
    )
    + rb")"
)
_GROUP = rb"<g" + _AFTER_NAME + _OPEN + rb">(?:%b)*+</g>"
_GROUPED = _DRAWN + b"|" + _GROUP % (_DRAWN + b"|" + _GROUP % _DRAWN)
_ICON = rb"svg" + _AFTER_NAME + _OPEN + rb">(?:" + _GROUPED + rb")*+</svg>"

#: In a body: text, tags that neither load anything nor change how later bytes are read, comments, style sheets and
#: plain icons.
RUN = re.compile(
    rb"(?:[^<]*+<(?:"
    + b"|".join(
        (
            rb"/[a-zA-Z0-9]++>",
            _PLAIN_NAME + rb"[a-z0-9]*+" + _PLAIN_ATTRIBUTES,
            _COMMENT,
            _ICON,
            _BOGUS,
            _OTHER_NAME + ATTRIBUTES + rb">",
            rb"/[A-Za-z][^\t\n\f\r />]*+" + ATTRIBUTES + rb">",
            rb"(?:<(?=<))*+(?=[^A-Za-z/!?])",
            *(_WITH_TEXT % (x, x) for x in (b"style", b"textarea", b"title")),
        )
    )
    + rb"))*+[^<]*+"
)

#: The same inside SVG and MathML: it leaves open what was open.
FOREIGN_RUN = re.compile(rb"(?:" + _GROUPED + rb")*+")

_SETTLED = rb"(?:" + _SPACE + rb"*+<(?:meta" + _ATTRIBUTES + rb"|" + _COMMENT
_TITLE_AND_STYLE = b"".join(rb"|" + _WITH_TEXT % (x, x) for x in (b"title", b"style"))
_HEAD_END = rb"))*+" + _SPACE + rb"*+"

_SCRIPT_NAME = rb"[sS][cC][rR][iI][pP][tT]" + _AFTER_NAME
#: The rest of a script with its end tag, where no `<script` comes after a `<!--`: its first `</script` is its end.
SCRIPT_REST = re.compile(
    rb"(?:[^<]++|<(?!!--|/%b))*+(?:<!--(?:[^<]++|<(?!/?%b))*+)?+</script>" % (_SCRIPT_NAME, _SCRIPT_NAME)
)
#: The rest of a frame that holds no markup.
FRAME_REST = re.compile(rb"[^<]*+</iframe>")
#: A whole tag of any kind: an end tag or not, and the name.
ANY_TAG = re.compile(rb"<(/?)([a-zA-Z]++[0-9]?+)" + _ATTRIBUTES)
#: A whole start tag.
START_TAG = re.compile(rb"<([a-z]++)" + _ATTRIBUTES)

#: A plain tag in SVG or MathML: an end tag or not, the name, closing itself or not.
FOREIGN_TAG = re.compile(rb"<(/?)([a-zA-Z]++)(?: [a-zA-Z:_-]++=\"[^\"]*+\")*+ ?(/?)>")

#: In the head: what neither loads anything that is gated nor ends the head.
HEAD_RUN = re.compile(_SETTLED + _TITLE_AND_STYLE + _HEAD_END)
#: The same where nothing is gated.
HEAD_RUN_UNGATED = re.compile(
    _SETTLED + rb"|script" + _ATTRIBUTES + SCRIPT_REST.pattern + rb"|link" + _ATTRIBUTES + _TITLE_AND_STYLE + _HEAD_END
)

_LEAD = rb"(?:" + _SPACE + rb"++|<" + _COMMENT + rb")*+"
_DOCTYPE = rb"<![dD][oO][cC][tT][yY][pP][eE][^>]*+>"
#: The beginning of a page up to its head; the groups are what shows that it is a page.
OPENING = re.compile(
    _LEAD + b"(" + _DOCTYPE + b")?" + _LEAD + b"(<html" + _ATTRIBUTES + b")?" + _LEAD + b"<head" + _ATTRIBUTES
)
#: The end of a head and the beginning of the body after it.
HEAD_TO_BODY = re.compile(rb"</head" + _SPACE + rb"*+>" + _LEAD + rb"<body" + _ATTRIBUTES)
#: All of this in one, where nothing is gated; the last group stands where the head begins.
PAGE_TO_BODY = re.compile(
    b"(?:" + BOM + b")?" + OPENING.pattern + b"()" + HEAD_RUN_UNGATED.pattern + HEAD_TO_BODY.pattern
)
