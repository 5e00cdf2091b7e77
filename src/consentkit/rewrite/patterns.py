"""The byte patterns that begin and end comments, raw text and scripts.

Source: HTML Living Standard, 13.2.5 "Tokenization".
"""

from __future__ import annotations

import re

BOM = b"\xef\xbb\xbf"
DECLARATIONS = (b"<!--", b"<!doctype", b"<![cdata[")
COMMENT_END = re.compile(rb"--!?>")
NO_COMMENT = re.compile(rb"-?>")
NOSCRIPT_END = re.compile(rb"</[nN][oO][sS][cC][rR][iI][pP][tT](?=[\t\n\f\r />])")
_SCRIPT = rb"[sS][cC][rR][iI][pP][tT](?=[\t\n\f\r />])"
#: What ends a script in SVG, or begins what may hold such an end without being one.
DRAWN_SCRIPT = re.compile(rb"</" + _SCRIPT + rb"|<!--|<!\[CDATA\[")
SCRIPT_PLAIN = re.compile(rb"<(?:!--|/" + _SCRIPT + rb")")
SCRIPT_ESCAPED = re.compile(rb"-->|</?" + _SCRIPT)
SCRIPT_DOUBLE = re.compile(rb"-->|</" + _SCRIPT)
RAW_ENDS = {
    name: re.compile(b"</" + b"".join(b"[%c%c]" % (c, c - 32) for c in name) + rb"(?=[\t\n\f\r />])")
    for name in (b"iframe", b"noembed", b"noframes", b"style", b"textarea", b"title", b"xmp")
}
CLOSE = re.compile(rb">")
CDATA_END = re.compile(rb"\]\]>")
#: Text that a tree builder takes for white space: also by reference, whose number may have any zeros before it.
BLANK = re.compile(
    rb"(?:[\t\n\f\r ]++|&(?:Tab;|NewLine;|#0*+(?:9|10|12|13|32)(?![0-9]);?"
    rb"|#[xX]0*+(?:9|[aAcCdD]|20)(?![0-9a-fA-F]);?))*+"
)
#: No more than this is held back of a reference.
REFERENCE_LIMIT = 64
UNSURE_END = re.compile(rb"&(?:#[xX]?[0-9a-fA-F]*+|[TN][A-Za-z]{0,6}+)?+\Z")
