"""HTML character references, decoded as PHP's ``html_entity_decode`` decodes them by default.

WHMCS stores names HTML-encoded and shows them through PHP, whose rules are those of HTML 4.01. The
rules of HTML 5 (``html.unescape``) also decode references without a semicolon: they would change
the plain text ``AT&copy`` to ``AT©``.
"""

from __future__ import annotations

import re
from html.entities import name2codepoint

# Possessive and bounded: each character is read once, and no number has too many digits for `int`.
_REFERENCE = re.compile(
    "&(?:#0*+([0-9]{0,7})|#[xX]0*+([0-9A-Fa-f]{0,6})|([A-Za-z][A-Za-z0-9]{1,7}));", re.ASCII
)
# The characters that PHP decodes from a number; it leaves any other number as text.
_FIRST, _LAST = 0x20, 0x10FFFF
_CONTROLS = range(0x7F, 0xA0)
_SURROGATES = range(0xD800, 0xE000)
_DECODED_CONTROLS = frozenset(map(ord, "\t\n\r"))


def unescape(text: str) -> str:
    """Decode the named and numeric references in a text once.

    A reference ends with a semicolon. Unknown names, and numbers that HTML 4.01 does not allow,
    stay as they are.
    """
    # Most names have none.
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(reference: re.Match[str]) -> str:
    decimal, hexadecimal, name = reference.groups()
    if name is not None:
        number = name2codepoint.get(name, 0)
    else:
        number = int(decimal or "0") if hexadecimal is None else int(hexadecimal or "0", 16)
    return chr(number) if _is_allowed(number) else reference[0]


def _is_allowed(number: int) -> bool:
    if number in _CONTROLS or number in _SURROGATES:
        return False
    return _FIRST <= number <= _LAST or number in _DECODED_CONTROLS
