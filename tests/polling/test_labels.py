"""Names to label values, on whatever WHMCS may send."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.polling.labels import Selection, by_title, label_value
from exporter.whmcs.decode import StatusCount

# Any code point at all, lone surrogates included, and long enough to be cut.
anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=300)
harmless = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), include_characters="\n\t"),
    min_size=1,
    max_size=256,
)
rows = st.lists(
    st.builds(StatusCount, st.sampled_from(["", "a", "b", "\0", "\x01", "�"]), st.integers(0, 9))
)


@given(anything)
def test_label_value_is_fit_for_prometheus(text: str) -> None:
    """A label value is never empty, too long, unprintable by control, or other than UTF-8."""
    value = label_value(text)

    assert 1 <= len(value) <= 256
    assert "Cs" not in map(unicodedata.category, value)
    assert not [char for char in value if unicodedata.category(char) == "Cc" and char not in "\n\t"]
    assert value == value.encode().decode()


@given(anything)
def test_label_value_is_done_after_once(text: str) -> None:
    """What is a label value already stays as it is."""
    assert label_value(text) == label_value(label_value(text))


@given(harmless)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    """Nothing else is changed: no stripping, no normal form, no case."""
    assert text == label_value(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", "(untitled)"),
        (" ", " "),
        ("Customer-Reply", "Customer-Reply"),
        (" two\nlines\t ", " two\nlines\t "),
        ("a\0b\rc\x85d\x7f", "a�b�c�d�"),
        ("\ud83d lone", "� lone"),
        ("😀 e\u0301", "😀 e\u0301"),
        ('q"b\\', 'q"b\\'),
        ("x" * 256, "x" * 256),
        ("x" * 257, "x" * 256),
    ],
)
def test_label_value_of(text: str, value: str) -> None:
    """The rules by example."""
    assert value == label_value(text)


@given(rows)
def test_no_ticket_is_lost_by_sharing_a_label(statuses: list[StatusCount]) -> None:
    """The sum stays, the labels are those of the titles, and each shared one is told."""
    counts, collisions = by_title(statuses, Selection())

    assert sum(status.count for status in statuses) == sum(counts.values())
    assert {label_value(status.title) for status in statuses} == set(counts)
    assert len(statuses) - len(counts) == collisions


def test_unwanted_statuses_neither_count_nor_collide() -> None:
    """What is filtered out has no label to share."""
    statuses = [StatusCount("Closed", 1), StatusCount("Open", 2), StatusCount("Closed", 3)]

    assert ({"Open": 2}, 0) == by_title(statuses, Selection(exclude=frozenset({"Closed"})))


def test_statuses_are_wanted_by_their_label() -> None:
    """The configuration names what is seen, not what WHMCS sent."""
    statuses = [StatusCount("", 1), StatusCount("a\0", 2), StatusCount("b", 4)]
    wanted = Selection(frozenset({"(untitled)", "a\N{REPLACEMENT CHARACTER}"}))

    assert ({"(untitled)": 1, "a\N{REPLACEMENT CHARACTER}": 2}, 0) == by_title(statuses, wanted)


@pytest.mark.parametrize(
    ("include", "exclude", "wanted"),
    [("", "", "ab"), ("a", "", "a"), ("", "a", "b"), ("ab", "a", "b"), ("a", "a", "")],
)
def test_selection(include: str, exclude: str, wanted: str) -> None:
    """No `include` means all, and `exclude` always wins."""
    selection = Selection(frozenset(include), frozenset(exclude))

    assert wanted == "".join(item for item in "ab" if item in selection)
