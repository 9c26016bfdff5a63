"""Whether source has to go through a preprocessor first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# A line such as `#address-cells = <1>;` is none: a directive's word ends at a blank, or at a sign
# that no property name has.
_DIRECTIVE = re.compile(
    rb"^[ \t]*+#[ \t]*+(?:"
    rb"(?:include|define|undef|ifdef|ifndef|if|elif|error|warning|pragma)"
    rb"(?:[ \t]++[^ \t=;{]|[ \t]*+[(<\"!\\]|[ \t]*+/[/*]|[ \t\r]*+$)"
    rb"|(?:else|endif)[ \t]*+(?:/[/*].*)?\r?$)",
    re.MULTILINE,
)


def needs_preprocessing(text: bytes, defines: Iterable[str] = ()) -> bool:
    """Tell whether source has a preprocessor directive, or a word that is to be replaced.

    Line markers (`# 3 "file"`, `#line 3`) are none, the reader knows them.
    """
    if b"#" in text and _DIRECTIVE.search(text) is not None:
        return True
    names = b"|".join(re.escape(name.encode()) for name in defines)
    return bool(names) and re.search(rb"\b(?:" + names + rb")\b", text) is not None
