"""YAML is read under limits, without ever building an object, and refused with a place."""

from __future__ import annotations

import time

import pytest
from ruamel.yaml.reader import Reader

from consentkit.policy.yaml_tree import MAX_ALIASES, MAX_BYTES, MAX_NODES, UnreadableError, read_tree

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)

REFUSED: dict[str, tuple[str | bytes, str, int]] = {
    "alias bomb": (BOMB, f"more than {MAX_NODES} values", 5),
    "many aliases": ("a: &a x\n" + "".join(f"k{i}: *a\n" for i in range(MAX_ALIASES + 1)), "aliases", MAX_ALIASES + 2),
    "deep lists": ("a:\n  " + "[" * 3000, "levels deep", 2),
    "deep mappings": ("".join(" " * i + "a:\n" for i in range(900)), "levels deep", 21),
    "deep pairs": ("a: " + "[{b: " * 3000, "levels deep", 1),
    "deep dashes": ("- " * 3000, "levels deep", 1),
    "deep through an alias": (
        "a: &a " + "[" * 12 + "x" + "]" * 12 + "\nb: " + "[" * 12 + "*a" + "]" * 12,
        "levels deep",
        2,
    ),
    "ten megabytes": ("a: " + "x" * (10 << 20), "larger than 512 KB", 1),
    "ten megabytes of bytes": (b"#" * (10 << 20), "larger than 512 KB", 1),
    "many values": ("a: [" + "1," * (MAX_BYTES // 2 - 10) + "]", f"more than {MAX_NODES} values", 1),
    "many keys": ("".join(f"k{i}: v\n" for i in range(MAX_NODES)), f"more than {MAX_NODES} values", MAX_NODES // 2),
    "several documents": ("a: 1\n---\nb: 2\n", "a second document starts here", 2),
    "empty": ("", "the file is empty", 1),
    "only comments": ("# nothing\n", "the file is empty", 1),
    "a list": ("\n- a\n", "the file holds a list", 2),
    "a single value": ("hello\n", "the file holds a single value", 1),
    "not utf-8": (b"a: b\nc: caf\xe9\n", "the byte 0xe9 is not UTF-8", 2),
    "utf-16": ("a: b\n".encode("utf-16"), "is UTF-16", 1),
    "nul": ("a: 1\nb: \0\n", "U+0000 is not allowed", 2),
    "half a character": ("a: \ud800\n", "U+D800 is not allowed", 1),
    "no such character": ('a: "\\U00110000"\n', "names no character", 1),
    "wrong indentation": ("a:\n  b: 1\n c: 2\n", "indentation", 3),
    "text after a quote": ('a: "b" c\n', "put the whole value in quotes", 1),
    "at sign": ("a: @b\n", "put the text in quotes", 1),
    "unknown tag handle": ("a: !e!x y\n", "not allowed", 1),
    "key without colon": ("a: 1\nb\n", "a key needs a colon", 2),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_quickly_with_its_line(name: str) -> None:
    """Bombs, depth, size and broken YAML end in one message with a line, in under three seconds."""
    source, message, line = REFUSED[name]
    start = time.perf_counter()
    with pytest.raises(UnreadableError) as caught:
        read_tree(source)
    assert time.perf_counter() - start < 3
    assert message in caught.value.problem.message
    assert caught.value.problem.line == line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: !!python/object/apply:os.system [x]", "the tag !!python/object/apply:os.system is not allowed"),
        ("a: !!python/name:os.system x", "the tag !!python/name:os.system is not allowed"),
        ("a: &a [*a]", "the alias *a stands for no finished anchor"),
        ("a: *b", "the alias *b stands for no finished anchor"),
        ("a: 1\na: 2", "the key 'a' is given twice (first on line 1)"),
        ("? [a]\n: 1", "a key must be plain text"),
        ("<<: {a: 1}", "merge keys"),
        (": 1", "a key is missing"),
    ],
)
def test_small_mistakes_do_not_stop_the_reading(text: str, message: str) -> None:
    """Tags, unknown aliases, keys given twice and merge keys are each told, and the rest is still read."""
    tree = read_tree(f"{text}\nlast: 1\n")
    assert [problem.message.startswith(message) for problem in tree.problems] == [True]
    assert tree.root.value()["last"] == 1


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("off", "off"),
        ("012", 12),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2026-11-01", "2026-11-01"),
        ("true", True),
        ("~", None),
        ("", None),
        ('"1"', "1"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_scalars_follow_yaml_1_2(written: str, value: object) -> None:
    """`no`, `on` and dates stay text; only true, false, null and plain numbers are anything else."""
    assert read_tree(f"a: {written}\n").root.value() == {"a": value}


@pytest.mark.parametrize("key", ["no", "on", "yes", "null", "1", "1.10", "true"])
def test_keys_are_always_text(key: str) -> None:
    """A key is the text that is written, whatever a value of that form would be."""
    assert read_tree(f"{key}: x\n").root.value() == {key: "x"}


def test_a_number_remembers_how_it_was_written() -> None:
    """`1.10` is shown as it is written."""
    assert repr(read_tree("a: 1.10").root.value()["a"]) == "1.10"


def test_no_character_is_read_that_yaml_does_not_allow() -> None:
    """What the parser's own pattern for characters refuses is refused before the parser sees it."""
    refused: list[str] = Reader.NON_PRINTABLE.findall("".join(map(chr, range(0x110000))))
    assert len(refused) > 2000
    for character in refused:
        with pytest.raises(UnreadableError, match="is not allowed"):
            read_tree(f"a: {character}")


def test_a_byte_order_mark_does_no_harm() -> None:
    """A file that an editor saved with a UTF-8 byte order mark is read as if it had none."""
    assert read_tree(b"\xef\xbb\xbfa: 1\n").root.value() == {"a": 1}


def test_anchors_and_aliases_work_within_the_limits() -> None:
    """An alias stands for the anchor's value."""
    assert read_tree("a: &x [1]\nb: *x\n").root.value() == {"a": [1], "b": [1]}
