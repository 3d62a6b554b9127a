"""The families are those of the contract: name, type, labels, and a HELP that says the source."""

import re
from typing import Any, cast

import pytest
from prometheus_client import Metric

from exporter.exposition.families import BLOCKS, FAMILIES
from exporter.exposition.family import Family
from exporter.exposition.formats import TEXT
from exporter.exposition.telemetry import Telemetry
from exporter.exposition.view import View
from exporter.polling.site import Tally
from exporter.whmcs.errors import REASONS
from tests.exposition.shown import Shown
from tests.exposition.sites import START, acme, fresh_site, globex, patient, poll, tickets
from tests.exposition_check import check, family, samples, value

DEPARTMENT = ("site", "department_id", "department")

OF_A_SITE = {
    "whmcs_tickets": ("gauge", ("site", "status")),
    "whmcs_tickets_active": ("gauge", ("site",)),
    "whmcs_tickets_awaiting_reply": ("gauge", ("site",)),
    "whmcs_tickets_flagged": ("gauge", ("site",)),
    "whmcs_departments_visible": ("gauge", ("site",)),
    "whmcs_department_tickets": ("gauge", (*DEPARTMENT, "status")),
    "whmcs_department_tickets_awaiting_reply": ("gauge", DEPARTMENT),
    "whmcs_department_tickets_open": ("gauge", DEPARTMENT),
    "whmcs_department_tickets_active": ("gauge", DEPARTMENT),
    "whmcs_oldest_awaiting_reply_timestamp_seconds": ("gauge", DEPARTMENT),
    "whmcs_awaiting_reply_age_seconds": ("gaugehistogram", DEPARTMENT),
    "whmcs_up": ("gauge", ("site",)),
    "whmcs_source_success": ("gauge", ("site", "source")),
    "whmcs_source_last_success_timestamp_seconds": ("gauge", ("site", "source")),
    "whmcs_source_duration_seconds": ("gauge", ("site", "source")),
    "whmcs_source_interval_seconds": ("gauge", ("site", "source")),
    "whmcs_api_requests_total": ("counter", ("site", "action")),
    "whmcs_api_failures_total": ("counter", ("site", "reason")),
    "whmcs_exporter_label_collisions_total": ("counter", ("site",)),
    "whmcs_exporter_series_dropped_total": ("counter", ("site",)),
}
OF_THE_EXPORTER = {
    "whmcs_api_request_duration_seconds": ("histogram", ("action",)),
    "whmcs_exporter_poll_lateness_seconds": ("histogram", ()),
    "whmcs_exporter_sites": ("gauge", ()),
    "whmcs_exporter_series": ("gauge", ()),
    "whmcs_exporter_config_last_reload_successful": ("gauge", ()),
    "whmcs_exporter_config_last_reload_success_timestamp_seconds": ("gauge", ()),
    "whmcs_exporter_http_requests_total": ("counter", ("handler", "code")),
    "whmcs_exporter_log_lines_dropped_total": ("counter", ()),
    "whmcs_exporter_build_info": ("gauge", ("version", "revision", "python_version")),
}
OF_WHMCS = {
    "whmcs_tickets": "GetTicketCounts status.*.count",
    "whmcs_tickets_active": "GetTicketCounts allActive",
    "whmcs_tickets_awaiting_reply": "GetTicketCounts awaitingReply",
    "whmcs_tickets_flagged": "GetTicketCounts flaggedTickets",
    "whmcs_departments_visible": "GetTicketCounts filteredDepartments",
    "whmcs_department_tickets": "GetSupportStatuses statuses.status.count",
    "whmcs_department_tickets_awaiting_reply": "GetSupportDepartments awaitingreply",
    "whmcs_department_tickets_open": "GetSupportDepartments opentickets",
    "whmcs_department_tickets_active": "GetTicketCounts allActive",
    "whmcs_oldest_awaiting_reply_timestamp_seconds": "GetTickets tickets.ticket.lastreply",
    "whmcs_awaiting_reply_age_seconds": "GetTickets tickets.ticket.lastreply",
}


def used_telemetry(*, process_metrics: bool = False) -> Telemetry:
    """Return a telemetry in which every family has a sample."""
    telemetry = Telemetry("1.2.3", "abc", process_metrics=process_metrics)
    telemetry.request("GetTicketCounts", 0.2)
    telemetry.lateness(0.02)
    telemetry.configured(2, 1_800_000_000.0)
    telemetry.http_request("/metrics", 200)
    return telemetry


def described(metric: Metric) -> tuple[str, str, tuple[str, ...]]:
    """Return a family's name as it is written, its type, and its labels."""
    name = metric.name + ("_total" if metric.type == "counter" else "")
    labels = tuple(label for label in metric.samples[0].labels if label != "le")
    return name, metric.type, labels


def test_a_site_has_the_families_of_the_contract() -> None:
    """Names, types and labels of the table are the contract's, in its order."""
    assert OF_A_SITE == {
        family.name: (family.type, ("site", *family.labels)) for family in FAMILIES
    }


def test_samples_have_exactly_the_labels_of_their_family() -> None:
    """Whatever is written carries the labels that the contract names, and no other."""
    found = {
        (name, frozenset(label for label, _ in labels))
        for name, labels in samples(Shown(acme(), globex(), patient()).text_of_sites())
    }
    expected = {(name, frozenset(labels)) for name, (_, labels) in OF_A_SITE.items()}
    ages = "whmcs_awaiting_reply_age_seconds"
    histogram = {(f"{ages}{suffix}", frozenset(DEPARTMENT)) for suffix in ("_gcount", "_gsum")}
    histogram |= {(f"{ages}_bucket", frozenset({*DEPARTMENT, "le"}))}
    assert expected - {(ages, frozenset(DEPARTMENT))} | histogram == found


def test_the_exporter_has_the_families_of_the_contract() -> None:
    """The exporter's own registry has the contract's names, types and labels."""
    found = (described(metric) for metric in used_telemetry().registry.collect())
    assert OF_THE_EXPORTER == {name: (kind, labels) for name, kind, labels in found}


@pytest.mark.parametrize(("name", "source"), OF_WHMCS.items())
def test_help_names_the_action(name: str, source: str) -> None:
    """HELP says which action and field a number comes from, and that it is polled and cached."""
    text = next(family.help for family in FAMILIES if family.name == name)
    assert source in text
    assert "Polled and cached" in text


def test_help_of_flagged_says_whose() -> None:
    """Flagged tickets are the API user's own alone, as people would not guess."""
    text = next(family.help for family in FAMILIES if family.name == "whmcs_tickets_flagged")
    assert "API's own user" in text


def test_no_series_says_when_it_began_and_no_sample_has_a_time() -> None:
    """There is no ``_created`` series, and no line ends in a timestamp."""
    shown = Shown(acme(), globex())
    shown.telemetry.http_request("/metrics", 200)
    shown.telemetry.request("GetTicketCounts", 0.2)
    text = shown.text()
    assert "_created" not in text
    lines = [line for line in text.splitlines() if line.startswith("whmcs_exporter")]
    assert [] == [line for line in lines if not re.fullmatch(r"[a-z_]+(\{.*\})? [0-9.e+]+", line)]


def test_counters_alone_end_in_total() -> None:
    """``_total`` is on every counter, and on nothing else."""
    families = OF_A_SITE | OF_THE_EXPORTER
    assert {name for name, (kind, _) in families.items() if kind == "counter"} == {
        name for name in families if name.endswith("_total")
    }


def test_process_metrics_can_be_had() -> None:
    """The client library's metrics about the process are there when asked for."""
    text = TEXT.encode(used_telemetry(process_metrics=True).registry).decode()
    check(text)
    names = {name for name, _ in samples(text)}
    assert {"process_cpu_seconds_total", "python_info", "python_gc_collections_total"} <= names


def test_process_metrics_can_be_left_out() -> None:
    """Without them every name is this exporter's own."""
    text = TEXT.encode(used_telemetry().registry).decode()
    check(text)
    assert {"whmcs"} == {name.partition("_")[0] for name, _ in samples(text)}


def test_telemetry_tells_what_it_was_told() -> None:
    """Each thing noted is in its own series."""
    text = TEXT.encode(used_telemetry().registry).decode()
    check(text)
    prefix = "whmcs_exporter_"
    assert 1 == value(text, "whmcs_api_request_duration_seconds_count", action="GetTicketCounts")
    assert 0.2 == value(text, "whmcs_api_request_duration_seconds_sum", action="GetTicketCounts")
    assert 0.02 == value(text, f"{prefix}poll_lateness_seconds_sum")
    assert 2 == value(text, f"{prefix}sites")
    assert 1 == value(text, f"{prefix}config_last_reload_successful")
    assert 1_800_000_000 == value(text, f"{prefix}config_last_reload_success_timestamp_seconds")
    assert 1 == value(text, f"{prefix}http_requests_total", handler="/metrics", code="200")
    (build,) = family(text, f"{prefix}build_info")
    assert {("version", "1.2.3"), ("revision", "abc")} < build


def test_before_the_first_poll_nothing_is_claimed() -> None:
    """No ``whmcs_up``, no success, no tickets; but every reason and every action at 0."""
    text = Shown(fresh_site("acme", requests=("GetTicketCounts", "GetSupportDepartments"))).text()
    reasons = {frozenset({("site", "acme"), ("reason", reason)}): 0 for reason in REASONS}
    assert reasons == family(text, "whmcs_api_failures_total")
    assert [0, 0] == list(family(text, "whmcs_api_requests_total").values())
    absent = {"whmcs_up", "whmcs_source_success", "whmcs_source_duration_seconds", *OF_WHMCS}
    assert set() == absent & {name for name, _ in samples(text)}


def test_a_reason_counts_where_it_belongs() -> None:
    """A failure moves its own reason; the others stay at 0."""
    failed = poll("acme", "ticket_counts", tally=Tally({"GetTicketCounts": 2}, {"tls": 2}))
    text = Shown(fresh_site("acme").after(failed)).text()
    assert 2 == value(text, "whmcs_api_failures_total", site="acme", reason="tls")
    assert 2 == sum(family(text, "whmcs_api_failures_total").values())


def test_departments_visible_is_absent_when_unknown() -> None:
    """What WHMCS did not say is no 0."""
    reading = tickets({"Open": 1}, departments_visible=None)
    text = Shown(fresh_site("acme").after(poll("acme", "ticket_counts", reading))).text()
    assert value(text, "whmcs_departments_visible", site="acme") is None
    assert 3 == value(text, "whmcs_tickets_active", site="acme")


class Only:
    """A view of which one part can be seen."""

    def __init__(self, view: View, part: str) -> None:
        """Show that ``part``."""
        self._view, self._part = view, part

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the part is
        """Refuse any other."""
        assert self._part == name
        return getattr(self._view, name)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_rows_look_at_one_part_only(block: Family) -> None:
    """What a family reads is all that it reads: else it would stay when it should not."""
    found = 0
    for snapshot in (acme(), globex(), patient()):
        view = View.of(snapshot, START)
        rows = list(block.rows(view))
        assert rows == list(block.rows(cast("View", Only(view, block.reads))))
        found += len(rows)
    assert found
