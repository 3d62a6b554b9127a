"""Every regular expression of the exporter takes linear time, as it is used."""

from __future__ import annotations

import ast
import importlib
import re
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import exporter
from tests.cpu import assert_linear

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(exporter.__file__).parent
# Patterns that are made of values: secrets of the configuration, words of the source.
MADE_OF_VALUES = {"exporter.whmcs.redaction: re.sub", "exporter.doctor.advice: re.sub"}
SIZE = 4_000


@dataclass(frozen=True)
class Use:
    """A pattern and the method that is called of it."""

    module: str
    pattern: re.Pattern[Any]
    method: str

    def __str__(self) -> str:
        """Return where it is."""
        return f"{self.module}: {self.method} {self.pattern.pattern[:40]!r}"

    def run(self, text: str) -> None:
        """Apply the pattern."""
        subject = text.encode() if isinstance(self.pattern.pattern, bytes) else text
        arguments = (lambda match: match[0], subject) if self.method == "sub" else (subject,)
        getattr(self.pattern, self.method)(*arguments)


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield each module that uses regular expressions."""
    for path in sorted(ROOT.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "import re\n" in text:
            name = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
            yield name, ast.parse(text)


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Yield each call of a function of ``re``, but for those that make no pattern."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=function)):
                if function != "escape":
                    yield function, node


def evaluated(module: str, node: ast.expr) -> Any:  # noqa: ANN401 - a pattern or its text
    """Return the value of an expression at the end of a module."""
    code = compile(ast.Expression(node), module, "eval")
    return eval(code, vars(importlib.import_module(module)))  # noqa: S307 - the exporter's own code


def methods(tree: ast.Module, compiled: ast.Call) -> set[str]:
    """Return the methods that are called of a compiled pattern: by its name, or else ``match``."""
    names = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and node.value is compiled
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in names
    }
    return found or {"match"}


def uses() -> tuple[list[Use], set[str]]:
    """Return each use of a pattern, and where patterns are made of values."""
    found, made = [], set()
    for module, tree in modules():
        for function, call in calls(tree):
            if function == "compile":
                pattern = evaluated(module, call)
                found += [Use(module, pattern, method) for method in sorted(methods(tree, call))]
                continue
            try:
                pattern = re.compile(evaluated(module, call.args[0]), re.DOTALL)
            except NameError:
                made.add(f"{module}: re.{function}")
            else:
                found.append(Use(module, pattern, function))
    return found, made


USES, MADE = uses()


def test_patterns_made_of_values() -> None:
    """A new pattern that is made of values is inspected, and listed here."""
    assert MADE_OF_VALUES == MADE


# A failing example is not shrunk: each of its runs may take seconds.
@pytest.mark.parametrize("use", USES, ids=str)
@settings(
    deadline=None,
    derandomize=True,
    max_examples=40,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_linear(use: Use, data: st.DataObject) -> None:
    """A text that fits, with any part of it repeated and any end, takes linear time."""
    sample = data.draw(st.from_regex(use.pattern))
    text = sample if isinstance(sample, str) else sample.decode("latin-1")
    start = data.draw(st.integers(0, len(text)))
    part = text[start : start + data.draw(st.integers(1, 12))] or " "
    end = data.draw(st.sampled_from(["", "\0", text[start:]]))
    assert_linear(lambda size: text[:start] + part * (size // len(part)) + end, use.run, SIZE)


@pytest.mark.parametrize("use", USES, ids=str)
def test_pairs(use: Use) -> None:
    """So does a repetition of any two of the pattern's own characters."""
    source = use.pattern.pattern
    own = source if isinstance(source, str) else source.decode()
    pairs = map("".join, product({*own, " ", "0", "a"}, repeat=2))
    for pair, end in product(pairs, ("", "\0")):
        assert_linear(partial(_repeated, pair, end), use.run, SIZE)


def _repeated(pair: str, end: str, size: int) -> str:
    return pair * (size // 2) + end
