"""What the configuration of one site becomes: its sources, its endpoint, its first snapshot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakValueDictionary

from exporter.polling.labels import Selection
from exporter.polling.source import Limits
from exporter.polling.sources.departments import (
    DepartmentCredential,
    DepartmentsByCredentials,
    DepartmentsByStatuses,
)
from exporter.polling.sources.ticket_counts import TicketCountsSource
from exporter.snapshots import Snapshot, SourceState
from exporter.stamps import Stamp, stamps
from exporter.whmcs.client import Endpoint
from exporter.whmcs.tls import client_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from exporter import config
    from exporter.polling.source import Source

_Key: TypeAlias = "tuple[config.TLSConfig, tuple[Stamp | None, ...]]"


# So many bytes a ticket may take on average, long names and subjects among them. As many tickets
# are on a page as stay within the size of an answer, but no more than WHMCS can list in time.
_TICKET_BYTES = 2048
_LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a source is polled, and how old its readings may get; in seconds."""

    interval: float
    stale_after: float


def pace(site: config.Site, source: Source) -> Pace:
    """Return the pace of one of a site's sources: ``waiting`` costs more, and has its own."""
    own = site.waiting if source.name == "waiting" else site
    return Pace(own.interval, own.stale_after)


def first_snapshot(site: config.Site, polled: Sequence[Source]) -> Snapshot:
    """Return what is known of a site before its first poll."""
    paces = {source.name: pace(site, source) for source in polled}
    return Snapshot(
        site=site.name,
        sources={
            name: SourceState(name=name, interval=own.interval, stale_after=own.stale_after)
            for name, own in paces.items()
        },
        requests={action: 0 for source in polled for action in source.actions},
        failures={},
        series_limit=site.limits.series,
    )


def sources(site: config.Site) -> tuple[Source, ...]:
    """Return the sources that a site is polled for."""
    makers = {"ticket_counts": _ticket_counts, "departments": _departments, "waiting": _waiting}
    return tuple(makers[name](site) for name in site.sources)


def _ticket_counts(site: config.Site) -> Source:
    return TicketCountsSource(
        credential=site.credential,
        ignore_department_assignments=site.ignore_department_assignments,
        statuses=_statuses(site),
        limits=_limits(site),
    )


def _departments(site: config.Site) -> Source:
    if site.departments.by == "credentials":
        return DepartmentsByCredentials(
            credentials=tuple(
                DepartmentCredential(name=department.name, credential=department.credential)
                for department in site.departments.credentials
            ),
            departments=_wanted(site),
            statuses=_statuses(site),
            limits=_limits(site),
        )
    return DepartmentsByStatuses(
        credential=site.credential,
        ignore_department_assignments=site.ignore_department_assignments,
        departments=_wanted(site),
        statuses=_statuses(site),
        limits=_limits(site),
    )


def _waiting(site: config.Site) -> Source:
    # Few configurations need these, and every start would pay.
    import zoneinfo  # noqa: PLC0415

    from exporter.polling.sources.waiting import WaitingSource  # noqa: PLC0415

    return WaitingSource(
        credential=site.credential,
        ignore_department_assignments=site.ignore_department_assignments,
        departments=_wanted(site),
        timezone=zoneinfo.ZoneInfo(site.waiting.timezone),
        page_size=max(1, min(_LARGEST_PAGE, site.limits.response_bytes // _TICKET_BYTES)),
        max_pages=site.waiting.max_pages,
        limits=_limits(site),
    )


def _wanted(site: config.Site) -> Selection[int]:
    return Selection(site.departments.include, site.departments.exclude)


def _statuses(site: config.Site) -> Selection[str]:
    return Selection(site.statuses.include, site.statuses.exclude)


def _limits(site: config.Site) -> Limits:
    limits = site.limits
    return Limits(departments=limits.departments, statuses=limits.statuses)


def endpoint(site: config.Site, context: ssl.SSLContext | None) -> Endpoint:
    """Return where and how a site is called."""
    login = site.basic_auth
    return Endpoint(
        url=site.api_url,
        response_bytes=site.limits.response_bytes,
        ssl_context=context,
        server_name=site.tls_config.server_name,
        host_header=site.host_header,
        proxy_url=site.proxy_url,
        basic_auth=None if login is None else (login.username, login.password),
        credentials=(site.credential, *(each.credential for each in site.departments.credentials)),
    )


class Contexts:
    """The TLS contexts in use: one for all sites of one TLS configuration, whatever their names.

    Files that have changed make another configuration; a context that no site uses is forgotten.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._contexts: WeakValueDictionary[_Key, ssl.SSLContext] = WeakValueDictionary()

    def of(self, site: config.Site) -> ssl.SSLContext | None:
        """Return the context of a site; None for plain HTTP.

        Raises:
            OSError: A file cannot be read, or does not hold what it should.
        """
        urls = (site.url, site.proxy_url or "")
        if not any(url.lower().startswith("https:") for url in urls):
            return None
        tls = replace(site.tls_config, server_name=None)
        files = tuple(file for file in (tls.ca_file, tls.cert_file, tls.key_file) if file)
        key = (tls, stamps(files))
        context = self._contexts.get(key)
        if context is None:
            context = self._contexts[key] = client_context(
                ca_file=tls.ca_file,
                cert_file=tls.cert_file,
                key_file=tls.key_file,
                insecure_skip_verify=tls.insecure_skip_verify,
            )
        return context
