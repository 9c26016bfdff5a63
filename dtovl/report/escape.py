"""Make foreign text harmless: one function per medium that the text is written to.

Names and strings of a devicetree come from strangers and may hold any byte. Printed raw, an escape
sequence rewrites what a terminal shows, a bidirectional mark reorders a line, a newline forges a
finding, and `%0A` or `::` in a workflow log starts a command.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re

# C0, DEL and C1 controls; marks that are invisible or reorder text; separators of lines; halves of
# surrogate pairs, by which Python keeps bytes of file names that are not UTF-8.
_CONTROL = (
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
# XML 1.0 has no way at all to write these.
_NOT_IN_XML = "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"
# What may mean something in Markdown, in its tables, or to what GitHub makes links of: mentions,
# numbers of issues, addresses that begin with a scheme or with `www.`.
_MARKUP = r"[!-$&'*:;<>@\[-`{-~]|(?<=[wW]{3})\."
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


@cache
def _pattern(characters: str) -> re.Pattern[str]:
    import re

    return re.compile(characters)


def _visible(match: re.Match[str]) -> str:
    character = match[0]
    number = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def terminal(text: str) -> str:
    r"""Write control and invisible characters visibly: ESC as `\x1b`, U+202E as `\u202e`."""
    # Compiling the pattern takes longer than all else a start does here, and is hardly ever needed.
    return text if text.isprintable() else _pattern(_CONTROL).sub(_visible, text)


def html(text: str) -> str:
    """Make text fit for HTML, between tags and inside quoted attributes."""
    return (
        terminal(text)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace('"', "&quot;")
        .replace("'", "&#39;")
    )


def xml(text: str) -> str:
    """Make text fit for XML 1.0; what XML cannot hold is written visibly.

    Source: XML 1.0, 2.2 (Char) and 2.4.
    """
    return html(_pattern(_NOT_IN_XML).sub(_visible, text))


def workflow_data(text: str) -> str:
    """Make text fit for the message of a GitHub workflow command.

    Source: actions/toolkit, packages/core/src/command.ts (escapeData).
    """
    return terminal(text).replace("%", "%25")


def workflow_property(text: str) -> str:
    """Make text fit for a property (file, title) of a GitHub workflow command.

    Source: actions/toolkit, packages/core/src/command.ts (escapeProperty).
    """
    return workflow_data(text).replace(":", "%3A").replace(",", "%2C")


def markdown(text: str) -> str:
    """Make text fit for GitHub's Markdown, in running text, tables and HTML; to stand in `<code>`.

    Every character that could mean something becomes a reference, which Markdown never reads as
    markup. Only within `<code>` or `<pre>` are names such as `@name` and `#12` left alone.

    Source: CommonMark 0.31, 2.5 and 6; GitHub Flavored Markdown, 4.10 and 6.9.
    """
    return _pattern(_MARKUP).sub(lambda match: f"&#{ord(match[0])};", terminal(text))
