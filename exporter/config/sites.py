"""From a section to a site: every key, its default and its bounds."""

from functools import partial

from exporter.config import addresses, login, model
from exporter.config.files import file
from exporter.config.model import (
    BasicAuth,
    DepartmentCredential,
    Departments,
    Limits,
    Site,
    Statuses,
    TLSConfig,
    Waiting,
)
from exporter.config.section import Section
from exporter.config.values import (
    boolean,
    choice,
    duration,
    integer,
    name,
    size,
    timezone,
    title,
)
from exporter.durations import written

_interval = partial(duration, least=1.0)
_department_id = partial(integer, least=1, most=2**53)
_source = partial(choice, options=model.SOURCES)


def read_site(section: Section) -> Site | None:
    """Read a site; ``None`` when what it cannot do without is missing or unfit."""
    allow_http = section.scalar("allow_http", boolean, default=False)
    label = section.required("name", name)
    url = section.required("url", partial(addresses.base_url, allow_http=allow_http))
    credential = login.credential(section, section)
    make = _options(section)
    if label is None or url is None or credential is None:
        return None
    return make(name=label, url=url, credential=credential, allow_http=allow_http)


def _options(section: Section) -> partial[Site]:
    interval, timeout, stale_after = _pace(section)
    sources = _sources(section)
    return partial(
        Site,
        interval=interval,
        timeout=timeout,
        stale_after=stale_after,
        max_concurrency=_count(section, "max_concurrency", model.DEFAULT_MAX_CONCURRENCY, 64),
        sources=sources,
        ignore_department_assignments=section.scalar(
            "ignore_department_assignments", boolean, default=True
        ),
        departments=_departments(section),
        statuses=_statuses(section),
        waiting=_waiting(section, timeout, is_polled="waiting" in sources),
        limits=_limits(section),
        host_header=section.scalar("host_header", addresses.host_header, None),
        proxy_url=section.scalar("proxy_url", addresses.proxy_url, None),
        basic_auth=_basic_auth(section),
        tls_config=_tls_config(section),
    )


def _pace(section: Section) -> tuple[float, float, float]:
    interval = section.scalar("interval", _interval, model.DEFAULT_INTERVAL)
    timeout = section.scalar("timeout", duration, model.default_timeout(interval))
    stale_after = section.scalar("stale_after", duration, model.default_stale_after(interval))
    if timeout >= interval:
        wrong = f"the timeout ({written(timeout)}) is not below the interval ({written(interval)})"
        section.conflict(("timeout", "interval"), f"{wrong}; shorten it, or poll less often")
    if stale_after <= interval:
        wrong = f"stale after {written(stale_after)}, not above the interval ({written(interval)})"
        section.conflict(("stale_after", "interval"), f"{wrong}; write two intervals at least")
    return interval, timeout, stale_after


def _count(section: Section, key: str, default: int, most: int) -> int:
    return section.scalar(key, partial(integer, least=1, most=most), default)


def _sources(section: Section) -> tuple[str, ...]:
    if not section.find("sources"):
        return model.DEFAULT_SOURCES
    chosen = {model.SOURCES[0], *section.scalar_set("sources", _source)}
    return tuple(source for source in model.SOURCES if source in chosen)


def _departments(section: Section) -> Departments:
    with section.section("departments") as inner:
        by = inner.scalar("by", partial(choice, options=model.BY), Departments().by)
        return Departments(
            by=by,
            include=_ids(inner, "include"),
            exclude=_ids(inner, "exclude"),
            credentials=_department_credentials(inner, section, by),
        )


def _department_credentials(
    inner: Section, site: Section, by: model.By
) -> tuple[DepartmentCredential, ...]:
    read = [_department_credential(each, site) for each in inner.sections("credentials")]
    given_with_by = inner.find("by", "credentials")
    if by == "credentials" and not inner.listing("credentials"):
        inner.conflict(("by", "credentials"), "no `credentials`; give one for each department")
    if by == "statuses" and "credentials" in given_with_by:
        right = "leave them out, or write `by: credentials`"
        inner.conflict(("credentials", "by"), f"`credentials` with `by: statuses`; {right}")
    # A site that says `by: statuses` has no use for the credentials among the defaults.
    return tuple(each for each in read if each is not None) if by == "credentials" else ()


def _department_credential(inner: Section, site: Section) -> DepartmentCredential | None:
    label, credential = inner.required("name", name), login.credential(inner, site)
    if label is None or credential is None:
        return None
    return DepartmentCredential(name=label, credential=credential)


def _ids(section: Section, key: str) -> frozenset[int]:
    return section.scalar_set(key, _department_id)


def _statuses(section: Section) -> Statuses:
    with section.section("statuses") as inner:
        return Statuses(
            include=inner.scalar_set("include", title),
            exclude=inner.scalar_set("exclude", title),
        )


def _waiting(section: Section, timeout: float, *, is_polled: bool) -> Waiting:
    default = Waiting()
    with section.section("waiting") as inner:
        waiting = Waiting(
            timezone=inner.scalar("timezone", timezone, default.timezone),
            interval=inner.scalar("interval", _interval, default.interval),
            max_pages=_count(inner, "max_pages", default.max_pages, 1000),
        )
        has_timezone = bool(inner.find("timezone"))
    if is_polled and not has_timezone:
        right = "give that of the WHMCS server, like Europe/Berlin"
        wrong = f"source `waiting` needs {section.spelled('waiting.timezone')}"
        section.conflict(("sources",), f"{wrong}: WHMCS's dates do not tell it; {right}")
    if is_polled and timeout >= waiting.interval:
        wrong = f"the timeout ({written(timeout)}) is not below `waiting.interval`"
        right = f"({written(waiting.interval)}); shorten it, or poll less often"
        section.conflict(("timeout", "waiting"), f"{wrong} {right}")
    return waiting


def _limits(section: Section) -> Limits:
    default = Limits()
    with section.section("limits") as inner:
        return Limits(
            response_bytes=inner.scalar("response_bytes", size, default.response_bytes),
            departments=_count(inner, "departments", default.departments, 100_000),
            statuses=_count(inner, "statuses", default.statuses, 100_000),
            series=_count(inner, "series", default.series, 10_000_000),
        )


def _basic_auth(section: Section) -> BasicAuth | None:
    with section.section("basic_auth") as inner:
        return login.basic_auth(inner)


def _tls_config(section: Section) -> TLSConfig:
    with section.section("tls_config") as inner:
        cert_file, key_file = file(inner, "cert_file"), file(inner, "key_file")
        if key_file and not cert_file:
            wrong = "a `key_file` without a `cert_file`; give both"
            inner.conflict(("key_file", "cert_file"), wrong)
        if cert_file:
            # Without a file of its own the key is in the certificate's.
            section.scope.secret_files[key_file or cert_file] = None
        tls_config = TLSConfig(
            ca_file=file(inner, "ca_file"),
            cert_file=cert_file,
            key_file=key_file,
            server_name=inner.scalar("server_name", addresses.server_name, None),
            insecure_skip_verify=inner.scalar("insecure_skip_verify", boolean, default=False),
        )
        if problem := section.scope.tls_problem(tls_config):
            inner.conflict(*problem)
        return tls_config
