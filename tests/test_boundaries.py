"""Tests use what other modules offer: no name with a leading underscore of any of them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]


def is_private(name: str) -> bool:
    """Return whether a name has one leading underscore, or two and none at its end."""
    return name.startswith("_") and name != "_" and not name.endswith("__")


def own_names(tree: ast.Module) -> set[str]:
    """Return the attributes that a module's own classes and modules define."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in {"self", "cls"}
    } | {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }


def foreign(text: str) -> Iterator[str]:
    """Yield each private name of another module that a module's text uses."""
    tree = ast.parse(text)
    own = own_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [part for alias in node.names for part in alias.name.split(".")]
            yield from filter(is_private, names)
        elif isinstance(node, ast.Attribute) and node.attr not in own:
            yield from filter(is_private, [node.attr])
        elif isinstance(node, ast.Call) and _takes_names(node.func):
            yield from _named(node)


def _takes_names(function: ast.expr) -> bool:
    """Return whether a function is ``getattr``, ``monkeypatch.setattr`` or the like."""
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in {"getattr", "setattr", "hasattr", "delattr"}


def _named(call: ast.Call) -> Iterator[str]:
    """Yield the private attributes that a call of ``setattr`` and its like has as strings."""
    for argument in call.args[:2]:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield from filter(is_private, argument.value.split("."))


def test_tests_use_no_private_names_of_others() -> None:
    """An effect is shown by behavior, so that what is private can change without its tests."""
    found = {
        str(file.relative_to(ROOT)): names
        for file in (ROOT / "tests").rglob("*.py")
        if (names := list(foreign(file.read_text(encoding="utf-8"))))
    }
    assert {} == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from exporter.web.server import _HEADERS, Server", ["_HEADERS"]),
        ("import exporter._own", ["_own"]),
        ("served.server._connections._open", ["_open", "_connections"]),
        ("monkeypatch.setattr('exporter.web.unread._MOST', 1)", ["_MOST"]),
        ("monkeypatch.setattr(answer, '_MOST', 1)", ["_MOST"]),
        ("getattr(users, '_bad')", ["_bad"]),
        ("class A:\n  def f(self, other): return self._x + other._x", []),
        ("from __future__ import annotations; a.__name__; module._", []),
    ],
)
def test_private_names_are_found(text: str, expected: list[str]) -> None:
    """Names that are imported, looked up or replaced, unless the module defines them."""
    assert expected == list(foreign(text))
