"""A WHMCS in PHP: what the exporter makes of PHP's own JSON, over real HTTP."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter import app, config
from tests.exposition_check import check, family, value
from tests.process import configuration
from tests.process.truth import shown
from tests.real.desk import SECRET, Department, Desk, Shape, Status, User

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.exposition_check import Series
    from tests.real.php import PHPWhmcs

DESK = Desk(
    statuses=(
        Status(title="Open", awaiting=True),
        Status(title="Customer-Reply", awaiting=True),
        Status(title="Customer Reply"),
        Status(title="-", active=False),
        Status(title="", active=False),
        Status(title="(untitled)"),
        Status(title="&amp;lt;"),
        Status(title="Q&A \"<odd>\" 'one'"),
        Status(title="Zwei\nZeilen\t🌍 \\n"),
        Status(title="24"),
        Status(title="Closed", active=False),
    ),
    departments=(
        Department(id=1, name="Support", tickets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)),
        Department(id=3, name="Support", tickets=(*[0, 1] * 5, 2**53 - 1_100)),
        Department(id=10**15, name="", tickets=(7,) * 11, flagged=5),
        Department(id=4, name='Größe\n"<EU>" & \\ 🌍', tickets=(0,) * 11, flagged=1),
    ),
)
SHAPES = [Shape(*switches) for switches in product([False, True], repeat=len(fields(Shape)))]
NAMES = {1: "One", 3: "Three & more"}


async def _collect(php: PHPWhmcs, folder: Path, desk: Desk, **keys: Any) -> tuple[str, bool]:  # noqa: ANN401 - whatever a key may hold
    """Poll the desk once; return a checked exposition, and whether every source succeeded."""
    php.hold(desk)
    path = configuration.write(
        folder / "config.yml", php.configured(**configuration.UNHURRIED, **keys)
    )
    exposition, succeeded = await app.collect(config.load(Path(path), {}))
    text = exposition.decode()
    check(text)
    return text, succeeded


def _everything(desk: Desk) -> dict[Series, float]:
    """Return what is shown of a desk to a user who may see all of it."""
    departments = desk.departments
    return desk.tickets("acme", departments) | desk.by_statuses("acme", departments)


def _users(names: Mapping[int, str]) -> list[User]:
    return [User(identifier=f"user-{number}", departments=(number,)) for number in names]


def _by_credentials(names: Mapping[int, str]) -> dict[str, Any]:
    """Return the configuration of a credential for each department."""
    rows = [
        {"name": name, "identifier": f"user-{number}", "secret": SECRET}
        for number, name in names.items()
    ]
    return {"by": "credentials", "credentials": rows}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
async def test_every_shape_of_an_answer_is_understood(
    shape: Shape, php: PHPWhmcs, tmp_path: Path
) -> None:
    """Ints or strings, lists or objects, names encoded or not: the same tickets."""
    desk = replace(DESK, shape=shape)
    text, succeeded = await _collect(php, tmp_path, desk)
    assert succeeded
    assert _everything(desk) == shown(text)


@pytest.mark.parametrize("by_number", [("0", "1", "2"), ("1", "0"), ("0",)])
async def test_statuses_called_by_numbers(
    by_number: tuple[str, ...], php: PHPWhmcs, tmp_path: Path
) -> None:
    """Keys that are numbers in their order make a list of PHP's array, others an object."""
    statuses = tuple(Status(title=title) for title in by_number)
    department = Department(id=1, name="Support", tickets=tuple(range(len(by_number))))
    desk = Desk(statuses=statuses, departments=(department,))
    text, succeeded = await _collect(php, tmp_path, desk)
    assert succeeded
    assert _everything(desk) == shown(text)


@pytest.mark.parametrize(("statuses", "departments"), [((), ()), (DESK.statuses, ()), ((), (1,))])
async def test_empty_lists(
    statuses: tuple[Status, ...], departments: tuple[int, ...], php: PHPWhmcs, tmp_path: Path
) -> None:
    """PHP writes ``[]`` for every empty array; a desk with nothing in it is no failure."""
    rows = tuple(Department(id=number, name="", tickets=()) for number in departments)
    desk = Desk(statuses=statuses, departments=rows)
    text, succeeded = await _collect(php, tmp_path, desk)
    assert succeeded
    assert _everything(desk) == shown(text)


@pytest.mark.parametrize(
    ("version", "ignore", "seen"),
    [
        ("9.0", True, (1, 3, 10**15, 4)),
        ("9.0", False, (1, 3)),
        ("8.13", True, (1, 3, 10**15, 4)),
        ("8.13", False, (1, 3, 10**15, 4)),
    ],
)
async def test_counts_cover_what_the_version_says(
    version: str, *, ignore: bool, seen: tuple[int, ...], php: PHPWhmcs, tmp_path: Path
) -> None:
    """Since 9.0 counts are of the user's own departments, unless the assignment is ignored."""
    desk = replace(DESK, version=version, users=(User(departments=(1, 3)),))
    text, succeeded = await _collect(php, tmp_path, desk, ignore_department_assignments=ignore)
    assert succeeded
    own = [each for each in desk.departments if each.id in (1, 3)]
    counted = [each for each in desk.departments if each.id in seen]
    # GetSupportDepartments has always been about the user's own.
    rows = desk.departments if ignore else own
    assert desk.tickets("acme", counted) | desk.by_statuses("acme", rows) == shown(text)


@pytest.mark.parametrize("gaps", [False, True])
async def test_departments_by_credentials(*, gaps: bool, php: PHPWhmcs, tmp_path: Path) -> None:
    """With a credential for each, departments need no action but GetTicketCounts."""
    shape = Shape(strings=gaps, gaps=gaps)
    desk = replace(DESK, shape=shape, users=(User(), *_users(NAMES)))
    text, succeeded = await _collect(php, tmp_path, desk, departments=_by_credentials(NAMES))
    assert succeeded
    expected = desk.tickets("acme", desk.departments) | desk.by_credentials("acme", NAMES)
    assert expected == shown(text)
    requests = family(text, "whmcs_api_requests_total")
    assert {frozenset({("site", "acme"), ("action", "GetTicketCounts")}): 3.0} == requests


async def test_departments_by_credentials_before_9(php: PHPWhmcs, tmp_path: Path) -> None:
    """Before 9.0 every credential sees all: no number is passed off as a department's."""
    desk = replace(DESK, version="8.13", users=(User(), *_users(NAMES)))
    text, succeeded = await _collect(php, tmp_path, desk, departments=_by_credentials(NAMES))
    assert not succeeded
    assert desk.tickets("acme", desk.departments) == shown(text)
    assert 2.0 == value(text, "whmcs_api_failures_total", site="acme", reason="schema")


async def test_refused_department_credential(php: PHPWhmcs, tmp_path: Path) -> None:
    """One credential that is refused costs its own department alone."""
    desk = replace(DESK, users=(User(), *_users({1: ""})))
    text, succeeded = await _collect(php, tmp_path, desk, departments=_by_credentials(NAMES))
    assert not succeeded
    expected = desk.tickets("acme", desk.departments) | desk.by_credentials("acme", {1: "One"})
    assert expected == shown(text)
    assert 0.0 == value(text, "whmcs_source_success", site="acme", source="departments")
    assert 1.0 == value(text, "whmcs_up", site="acme")


@pytest.mark.parametrize(
    ("desk", "reason"),
    [
        (replace(DESK, warning=True), "not_json"),
        (replace(DESK, users=(User(secret="another"),)), "auth"),  # noqa: S106 - a test's
    ],
)
async def test_failure_has_its_reason(
    desk: Desk, reason: str, php: PHPWhmcs, tmp_path: Path
) -> None:
    """A PHP warning before the JSON, and credentials that are refused: no number, one reason."""
    text, succeeded = await _collect(php, tmp_path, desk)
    assert not succeeded
    assert {} == shown(text)
    assert 0.0 == value(text, "whmcs_up", site="acme")
    failures = value(text, "whmcs_api_failures_total", site="acme", reason=reason)
    assert failures is not None
    assert failures >= 1


# Everything that needs care somewhere on the way, and few other characters.
NAMES_OF_ANY_KIND = st.text(
    st.sampled_from("aA0 -_&;<>\"'\\/\n\t\r\x00\x7f\x85ßİ\u2028\ufeff🌍")
    | st.characters(codec="utf-8"),
    max_size=12,
) | st.sampled_from(
    ["&amp;", "&amp;amp;", "&#039;", "&lt", "AT&copy", "&apos;", "&#1;", "(untitled)", "x" * 300]
)
COUNTS = st.integers(0, 2**40)


@st.composite
def desks(draw: st.DrawFn) -> Desk:
    """Draw any desk: statuses that collide, ids in any order, any mixture of shapes."""
    titles = draw(st.lists(NAMES_OF_ANY_KIND, max_size=5))
    ids = draw(st.lists(st.integers(0, 2**53), max_size=3, unique=True))
    tickets = st.tuples(*[COUNTS] * len(titles))
    return Desk(
        statuses=tuple(
            Status(title=title, active=draw(st.booleans()), awaiting=draw(st.booleans()))
            for title in titles
        ),
        departments=tuple(
            Department(
                id=number, name=draw(NAMES_OF_ANY_KIND), tickets=draw(tickets), flagged=draw(COUNTS)
            )
            for number in ids
        ),
        shape=draw(st.sampled_from(SHAPES)),
    )


@settings(
    max_examples=25,
    deadline=None,
    # PHP is started once; each example gives it a state of its own.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(desk=desks())
async def test_any_desk_is_shown_as_it_is(desk: Desk, php: PHPWhmcs, tmp_path: Path) -> None:
    """Whatever staff calls departments and statuses, and however PHP writes it."""
    text, succeeded = await _collect(php, tmp_path, desk)
    assert succeeded
    assert _everything(desk) == shown(text)
