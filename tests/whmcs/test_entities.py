"""Names are decoded from HTML as PHP decodes them."""

from __future__ import annotations

import html.entities
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.whmcs.entities import unescape
from tests import php

# What PHP 8.2 made of each, for machines without PHP.
RECORDED: dict[str, str] = {
    "": "",
    "Q & A": "Q & A",
    "R&D; R&D": "R&D; R&D",
    "&amp;": "&",
    "&amp;lt;": "&lt;",
    "&#38;lt;": "&lt;",
    "&amp;amp;": "&amp;",
    "&&amp;;": "&&;",
    "AT&copy": "AT&copy",
    "AT&copy;": "AT©",
    "&copy 2026": "&copy 2026",
    "&lt&gt;": "&lt>",
    "&notin;": "∉",
    "&notit;": "&notit;",
    "&AMP;": "&AMP;",
    "&COPY;": "&COPY;",
    "&Auml;&auml;": "Ää",
    "&quot;&#34;&#39;&#039;&#x27;": "\"\"'''",
    "&apos;": "&apos;",
    "&fjlig;": "&fjlig;",
    "&lang;": "\u2329",
    "&thetasym;&there4;&frac12;": "ϑ∴½",
    "&euro;&hearts;": "€♥",
    "&nbsp;": "\u00a0",
    "&;": "&;",
    "&#;": "&#;",
    "&#x;": "&#x;",
    "&#65": "&#65",
    "&#65 ;": "&#65 ;",
    "& #65;": "& #65;",
    "&#+65;": "&#+65;",
    "&#-65;": "&#-65;",
    "&#\uff16\uff15;": "&#\uff16\uff15;",
    "&#x41;&#X41;&#x4a;&#x4A;": "AAJJ",
    "&#0000000000000000000065;": "A",
    "&#x000000000000041;": "A",
    f"&#{'0' * 5000}65;": "A",
    f"&#{'9' * 5000};": f"&#{'9' * 5000};",
    "&#4294967361;&#18446744073709551681;": "&#4294967361;&#18446744073709551681;",
    "&#x100000041;": "&#x100000041;",
    "&#0;&#1;&#8;": "&#0;&#1;&#8;",
    "&#9;&#10;&#11;&#12;&#13;&#14;": "\t\n&#11;&#12;\r&#14;",
    "&#31;&#32;&#126;&#127;": "&#31; ~&#127;",
    "&#128;&#159;&#160;": "&#128;&#159;\u00a0",
    "&#xD7FF;&#xD800;&#xDFFF;&#xE000;": "\ud7ff&#xD800;&#xDFFF;\ue000",
    "&#xFDD0;&#xFFFD;&#xFFFE;&#xFFFF;": "\ufdd0\ufffd\ufffe\uffff",
    "&#x10000;&#x10FFFF;&#x110000;": "\U00010000\U0010ffff&#x110000;",
}
BORDERS = (0, 0x20, 0x7F, 0xA0, 0xD800, 0xE000, 0xFDD0, 0xFFFE, 0x10000, 0x110000, 2**31, 2**32)
NUMBERS = (*range(0x3000), *(border + step for border in BORDERS for step in range(-2, 3)))
PARTS = st.sampled_from(
    ["&", "#", "&#", "&#x", "&#X", ";", "0", "6", "5", "d", "a", "amp", "lt", "copy", "&amp;"]
)
NAMES = st.sampled_from(sorted(html.entities.html5))
TEXTS = st.lists(PARTS | NAMES | st.text(st.characters(codec="utf-8"), max_size=3)).map("".join)


@pytest.mark.parametrize("text", RECORDED, ids=lambda text: repr(text)[1:21])
def test_recorded(text: str) -> None:
    """A reference ends with a semicolon and is one of HTML 4.01; anything else is text."""
    assert RECORDED[text] == unescape(text)


def test_lone_surrogates() -> None:
    """What JSON can hold, and PHP cannot, stays as it is."""
    assert "\ud800&\udfff" == unescape("\ud800&amp;\udfff")


def test_the_record_is_right() -> None:
    """PHP decodes so still."""
    assert list(RECORDED.values()) == php.decoded(list(RECORDED))


def test_every_name() -> None:
    """Every name of HTML, and every number at a border, is decoded as PHP decodes it."""
    names = {name.rstrip(";") for name in html.entities.html5}
    texts = [f"&{name}{end}" for name in sorted(names) for end in (";", "", " ;", "x;")]
    texts += chain.from_iterable((f"&#{number};", f"&#x{number:X};") for number in NUMBERS)
    assert php.decoded(texts) == list(map(unescape, texts))


@settings(deadline=None)
@given(TEXTS)
def test_any_text(text: str) -> None:
    """So is any text."""
    assert php.decoded([text]) == [unescape(text)]
