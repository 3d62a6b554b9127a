"""The CPU time of reading a configuration grows no faster than its size."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import pytest

from exporter.config import ConfigError, load, web
from tests.cpu import assert_linear

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZE = 4 * 1024
# What has little cost for each character shows its growth only at larger sizes.
LARGE = 32 * 1024
SITE = "sites: [{name: a, "
LOGIN = "url: 'https://a.example', identifier: a, secret: b"

# What stands before, between and behind the part that is repeated.
REPEATED: dict[str, tuple[str, str, str]] = {
    "brackets": ("a: ", "[", ""),
    "brackets on lines": ("a: ", "[\n", ""),
    "items": ("a: [", "a, ", "a]"),
    "pairs": ("a: {", "a: 1, ", "b: 1}"),
    "pairs in a list": ("a: [", "a: 1, ", "b]"),
    "question marks": ("", "? ", ""),
    "dashes": ("", "- ", ""),
    "colons": ("a: ", "a:", ""),
    "quotes": ("a: '", "''", ""),
    "escaped quotes": ('a: "', '\\"', ""),
    "a quote without end": ('a: "', "a ", ""),
    "lines of a quote without end": ('a: "', "a\n ", ""),
    "escapes": ('a: "', "\\u0041", '"'),
    "spaces": ("a:", " ", ""),
    "empty lines": ("a:", "\n", ""),
    "comments": ("", "#a\n", ""),
    "a word": ("a: ", "a", ""),
    "words": ("a: ", "a ", ""),
    "lines": ("a: ", "a\n  ", ""),
    "a key": ("", "a", ": 1"),
    "a key with a question mark": ("? ", "a", "\n: 1"),
    "literal lines": ("a: |\n", "  x\n", ""),
    "folded lines": ("a: >\n", "  x\n", ""),
    "a tag": ("a: !", "%41", " x"),
    "a directive": ("%TAG ! ", "a", ""),
    "an anchor": ("a: &", "a", " x"),
    "an alias": ("a: *", "a", ""),
    "digits": ("a: ", "1", ""),
    "underscores": ("a: 1", "_", ""),
    "sexagesimal": ("a: 1", ":1", "x"),
    "a timestamp": ("a: 2001-01-01", " ", "x"),
    "equal keys": ("", "a: 1\n", ""),
    "control characters": ("a: ", "a\n  ", "\x01"),
    "equal names": ("sites:\n", "- {name: a}\n", ""),
    "labels of a URL": (f"{SITE}url: 'https://", "a.", "!'}]"),
    "signs of a URL": (f"{SITE}url: 'https://", "a.a@", "!'}]"),
    "slashes of a URL": (f"{SITE}url: 'https://a", "/", "!'}]"),
    "an address": (f"{SITE}url: 'https://[", ":", "]'}]"),
    "a Host header": (f"{SITE}host_header: '", "a.", "!'}]"),
    "a server name": (f"{SITE}tls_config: {{server_name: '", "a.", "!'}}]"),
    "a duration": (f"{SITE}interval: '", "1s", "'}]"),
    "a size": (f"{SITE}limits: {{response_bytes: '", "1", "'}}]"),
    "a choice": (f"{SITE}departments: {{by: '", "statuses", "'}}]"),
    "an unknown key": (f"{SITE}? '", "interval", "' : 1}]"),
    "a time zone": (f"{SITE}waiting: {{timezone: '", "../", "'}}]"),
    "a path": (f"{SITE}identifier: a, secret_file: '", "a/", "'}]"),
    "sources": (f"{SITE}sources: [", "x, ", "x]}]"),
    "ids": (f"{SITE}departments: {{include: [", "1, ", "1]}}]"),
    "folders of a pattern": ("site_files: ['", "*/", "']"),
    "brackets of a pattern": ("site_files: ['", "[", "']"),
    "stars of a pattern": ("site_files: ['", "*a", "']"),
    "patterns": ("site_files: [", "'*a', ", "b]"),
}


def numbered(template: str, size: int, separator: str = "") -> str:
    """Return about so many characters of a template, numbered."""
    count = max(size // (len(template) + 3), 1)
    return separator.join(template.replace("#", str(number)) for number in range(count))


def repeated(name: str, size: int) -> str:
    """Return about so many characters of one of the texts above."""
    before, unit, after = REPEATED[name]
    return before + unit * (size // len(unit)) + after


def anchors(size: int) -> str:
    """Return anchors, each with its alias."""
    return numbered("a#: &a# x\nb#: *a#\n", size)


def different_keys(size: int) -> str:
    """Return keys that are all unknown."""
    return numbered("k#: 1\n", size)


def lists_of_lists(size: int) -> str:
    """Return lists that each hold the one before twice."""
    lines = (f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, size // 30))
    return f"a0: &a0 [x]\n{''.join(lines)}"


def merges_of_one(size: int) -> str:
    """Return a large mapping that is merged many times."""
    aliases = ", ".join(["*a"] * (size // 8))
    return f"a: &a {{{numbered('k#: 1', size // 2, ', ')}}}\nb: {{<<: [{aliases}]}}\n"


def merged_sites(size: int) -> str:
    """Return a site of many unknown keys, many times."""
    aliases = ", ".join(["*a"] * (size // 8))
    return f"x: &a {{{LOGIN}, {numbered('q#: 1', size // 2, ', ')}}}\nsites: [{aliases}]\n"


def sites_of_one_list(size: int) -> str:
    """Return many ids that many sites share."""
    ids = numbered("#", size // 2, ", ")
    sites = numbered(f"- {{name: s#, {LOGIN}, departments: *x}}\n", size // 2)
    return f"x: &x {{include: [{ids}]}}\nsites:\n{sites}"


def defaults_of_one_list(size: int) -> str:
    """Return the same, shared through the defaults."""
    ids = numbered("#", size // 2, ", ")
    sites = numbered(f"- {{name: s#, {LOGIN}}}\n", size // 2)
    return f"defaults: {{departments: {{include: [{ids}]}}}}\nsites:\n{sites}"


def unknown_defaults(size: int) -> str:
    """Return many unknown keys that many sites share through the defaults."""
    keys = numbered("q#: 1", size // 2, ", ")
    sites = numbered(f"- {{name: s#, {LOGIN}}}\n", size // 2)
    return f"defaults: {{{keys}}}\nsites:\n{sites}"


MAKERS: dict[str, Callable[[int], str]] = {
    **{name: partial(repeated, name) for name in REPEATED},
    "anchors": anchors,
    "different keys": different_keys,
    "lists of lists": lists_of_lists,
    "merges of one mapping": merges_of_one,
    "aliases of a site": merged_sites,
    "a list of many sites": sites_of_one_list,
    "a list among the defaults": defaults_of_one_list,
    "unknown defaults": unknown_defaults,
}

LARGE_ONES = (
    "a path",
    "brackets of a pattern",
    "merges of one mapping",
    "a list of many sites",
    "a list among the defaults",
)


@pytest.mark.parametrize("name", MAKERS)
def test_configurations(name: str, tmp_path: Path) -> None:
    """A configuration costs CPU time in proportion to its size."""
    path = tmp_path / "config.yml"

    def read(text: str) -> None:
        path.write_text(text, encoding="utf-8")
        with suppress(ConfigError):
            load(path, {})

    assert_linear(MAKERS[name], read, LARGE if name in LARGE_ONES else SIZE)


@pytest.mark.parametrize(
    ("before", "unit", "after"),
    [
        ("basic_auth_users: {a: '$2y$10$", "a", "'}"),
        ("basic_auth_users: {", "a: '', ", "}"),
        ("basic_auth_users: {'", "a", "': ''}"),
        ("http_server_config: {headers: {X-Frame-Options: '", "deny", "'}}"),
        ("tls_server_config: {cert_file: '", "a/", "'}"),
        ("tls_server_config: {cipher_suites: [", "TLS_A, ", "x]}"),
        ("tls_server_config: {client_allowed_sans: [", "a, ", "x]}"),
    ],
)
def test_web_configurations(before: str, unit: str, after: str, tmp_path: Path) -> None:
    """So does a web configuration."""
    path = tmp_path / "web.yml"

    def read(text: str) -> None:
        path.write_text(text, encoding="utf-8")
        with suppress(ConfigError):
            web.load(path)

    assert_linear(lambda size: before + unit * (size // len(unit)) + after, read, SIZE)


def test_merges_of_merges(tmp_path: Path) -> None:
    """Mappings that merge one another are refused before they grow with the square of the file."""
    lines = (f"a{n}: &a{n} {{<<: *a{n - 1}, k{n}: 1}}\n" for n in range(1, 1500))
    path = tmp_path / "config.yml"
    path.write_text(f"a0: &a0 {{k0: 1}}\n{''.join(lines)}", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    found = [problem for problem in caught.value.problems if "merges more than" in problem]
    assert [
        f"{path}:1413:8: `<<` merges more than 1000000 keys in all; use `defaults` instead"
    ] == found
