"""What every page has that works from a file: its frame, and a policy that allows no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def fill(frame: str, parts: Mapping[str, str]) -> str:
    """Put parts into a frame where it has their names between `@@`.

    Split once and joined: what is put in is never searched for further marks.
    """
    pieces = frame.split("@@")
    return "".join(parts[piece] if odd % 2 else piece for odd, piece in enumerate(pieces))


def policy(script: str, style: str) -> str:
    """Write a policy that lets run one script and one style, by their digests, and fetch nothing.

    Source: Content Security Policy Level 3; Trusted Types.
    """
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
        "trusted-types 'none'"
    )


def _digest(text: str) -> str:
    """Give the digest of an inline block as a policy names it."""
    from base64 import b64encode
    from hashlib import sha256

    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
