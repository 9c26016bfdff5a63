"""Text: is it devicetree source, and if not, what else?"""

from __future__ import annotations

import re

from dtovl.inputs.kinds import Kind

_SAMPLE = 1 << 20
"""Bytes looked at: licence texts, macro definitions and line markers may stand first."""

_COMMENTS = re.compile(rb"//[^\n]*|/\*(?:.*?\*/|.*\Z)", re.DOTALL)

# Every pattern is linear in its text: hostile input gets no run of blanks or letters to try twice.
_DIRECTIVES = re.compile(
    rb"(?<![\w/.-])/(?:dts-v1|plugin|memreserve|delete-node|delete-property|include|incbin|bits"
    rb"|omit-if-no-ref)/(?![\w/.-])"
)
_LINES = re.compile(
    rb"""
      ^[ \t]*+\#[ \t]*+include[ \t]++[<"][^<>"\n]+\.dtsi?[>"]
    | ^\#\ (?:line\ )?\d++\ "[^"\n]+\.dts[io]?"           # a line marker
    """,
    re.VERBOSE | re.MULTILINE,
)
# These two see a text without comments, with one blank for every run of blanks and line ends.
_NODES = re.compile(
    rb"""
      (?:^|[\ ;])/\ ?\{                                       # the root node
    | (?:^|[;{}]\ ?|[>"]\ |\w:\ ?)&(?:[A-Za-z_]\w*+|\{/)\ ?(?:\{|[\w/@,.+-]*+\}\ ?\{)
    """,
    re.VERBOSE,
)
_NODE = re.compile(rb"(?:^|[;{}>\"]) ?(?:\w++: ?)?[A-Za-z_][\w,.+-]*+(?:@[\w,]++)? ?\{")
_CELLS = re.compile(rb"= ?<[^<>;]*+> ?[,;]")

_PLAIN = bytes(range(0x20, 0x100)) + b"\t\n\r\f\v\x1b"
_HIGH = bytes(range(0x80, 0x100))
_JSON = re.compile(rb'[\[{]\s*(?:["\[{\]}\d-]|true|false|null)')
_YAML = re.compile(rb"(?:---|%YAML|(?:\s*#[^\n]*\n)*[\w-]+:(?:[ \t]|\r?\n))")


def kind_of_text(data: bytes) -> Kind | None:
    """Tell the kind of a text, None when it is no text."""
    sample = data[:_SAMPLE].removeprefix(b"\xef\xbb\xbf")
    if not _is_text(sample):
        return None
    start = sample[:4096].lstrip().lower()
    # What source cannot begin with.
    if start.startswith(b"version https://git-lfs.github.com/"):
        return Kind.GIT_LFS
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return Kind.HTML
    if start.startswith(b"<"):
        return Kind.HTML if b"<html" in start else Kind.XML
    if _JSON.match(start):
        return Kind.JSON
    if start.startswith(b"#!"):
        return Kind.SCRIPT
    if is_source(sample):
        return Kind.DTS
    return Kind.YAML if _YAML.match(start) else Kind.TEXT


def _is_text(sample: bytes) -> bool:
    """Tell text from binary data: next to no control characters, UTF-8 or a few odd letters."""
    odd = len(sample.translate(None, _PLAIN))
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 4:  # else the sample ends inside a letter
            high = len(sample) - len(sample.translate(None, _HIGH))
            return not odd and high * 4 <= len(sample)
    return b"\0" not in sample and odd * 20 <= len(sample)


def is_source(text: bytes) -> bool:
    """Tell whether a text is devicetree source, whole or broken: directives, nodes, cells."""
    bare = _COMMENTS.sub(b" ", text)
    if _DIRECTIVES.search(bare) or _LINES.search(bare):
        return True
    flat = b" ".join(bare.split())
    return bool(_NODES.search(flat) or (_NODE.search(flat) and _CELLS.search(flat)))


def first_line(data: bytes) -> str:
    """Give the first line with something on it, cut to 60 characters, for a message."""
    for line in data[:4096].removeprefix(b"\xef\xbb\xbf").splitlines():
        shown = line.strip().decode("utf-8", "replace")
        if shown:
            return shown if len(shown) <= 60 else shown[:57] + "..."
    return ""
