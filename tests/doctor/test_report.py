"""The report: a table for people, an object for programs."""

from __future__ import annotations

import json

from exporter.doctor import report
from exporter.doctor.checkup import Advice, Checkup, Mark, Step

LONG = Advice(reason="auth", cause="The cause. " * 20, remedy="The remedy. " * 20)
WELL = Checkup(site="acme", url="https://a.example", steps=(Step(name="name", seconds=0.0123),))
ILL = Checkup(
    site="Ünï\x1b[2J",
    url="https://b.example",
    steps=(
        Step(name="name", detail="b.example: 192.0.2.1"),
        Step(name="tls", mark=Mark.WARNING, detail="for \x1b]0;title\x07"),
        Step(name="GetTicketCounts", mark=Mark.FAILED, detail="auth: no", advice=LONG),
        Step(name="GetTicketCounts (A)", mark=Mark.FAILED, detail="auth: no", advice=LONG),
        Step(name="version", mark=Mark.NOT_TRIED, detail="not tried"),
    ),
)


def test_text_is_printable_and_narrow() -> None:
    """No terminal is told what to do by a name, and advice fits into 100 columns, once."""
    text = report.text([WELL, ILL], colour=False)
    assert all(line.isprintable() for line in text.splitlines())
    assert 100 >= max(map(len, text.splitlines()))
    assert 20 == text.count("The remedy.")


def test_colours_are_of_the_marks() -> None:
    """Each mark has its colour, and nothing else has one."""
    text = report.text([ILL], colour=True)
    assert "\x1b[32mok  \x1b[0m  name" in text
    assert "\x1b[33mwarn\x1b[0m  tls" in text
    assert "\x1b[31mFAIL\x1b[0m  GetTicketCounts" in text
    assert "\x1b[2m-   \x1b[0m  version" in text
    assert report.text([ILL], colour=False) == _without_colours(text)


def _without_colours(text: str) -> str:
    for code in ("32", "33", "31", "2", "0"):
        text = text.replace(f"\x1b[{code}m", "")
    return text


def test_the_sum_of_many_sites() -> None:
    """The last line is about all of them, and names those that failed with their reasons."""
    assert "1 site is good" == _last([WELL])
    assert "2 sites are good" == _last([WELL, WELL])
    assert "1 site failed: Ünï [2J (auth)" == _last([ILL])
    assert "1 of 3 sites failed: Ünï [2J (auth)" == _last([WELL, ILL, WELL])


def _last(checkups: list[Checkup]) -> str:
    return report.text(checkups, colour=False).splitlines()[-1]


def test_json() -> None:
    """Programs find the same in JSON."""
    (well, ill) = json.loads(report.as_json([WELL, ILL]))["sites"]
    assert {
        "site": "acme",
        "url": "https://a.example",
        "failed": False,
        "steps": [{"step": "name", "mark": "good", "detail": "", "seconds": 0.0123}],
    } == well
    assert True is ill["failed"]
    assert ["good", "warning", "failed", "failed", "not_tried"] == [
        step["mark"] for step in ill["steps"]
    ]
    assert {
        "step": "GetTicketCounts",
        "mark": "failed",
        "detail": "auth: no",
        "seconds": None,
        "reason": "auth",
        "cause": LONG.cause,
        "remedy": LONG.remedy,
    } == ill["steps"][2]
