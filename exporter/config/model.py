"""What a configuration holds once it has been read and checked, and its defaults.

All durations are seconds. Only :func:`exporter.config.load` makes a :class:`Config`, so whoever
holds one need not check anything again. Two of them are equal when configured equal, secrets
included.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from exporter.config.secret import Credential, Secret
from exporter.config.site_files import SiteFiles

By = Literal["statuses", "credentials"]

BY: Final[tuple[By, ...]] = ("statuses", "credentials")
API_PATH: Final = "/includes/api.php"
SOURCES: Final = ("ticket_counts", "departments", "waiting")
DEFAULT_SOURCES: Final = SOURCES[:2]
DEFAULT_INTERVAL: Final = 60.0
DEFAULT_MAX_CONCURRENCY: Final = 2
MIB: Final = 1024 * 1024


def default_timeout(interval: float) -> float:
    """Return the deadline of one call for a site that is polled every ``interval`` seconds."""
    return min(10.0, 0.9 * interval)


def default_stale_after(interval: float) -> float:
    """Return the age at which the tickets of a site polled every ``interval`` seconds go stale."""
    return 3 * interval


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentCredential:
    """One department by the credential whose administrator is in no other."""

    name: str
    credential: Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class Departments:
    """Which departments, by their ids (all when ``include`` is empty), and how they are counted."""

    by: By = "statuses"
    include: frozenset[int] = frozenset()
    exclude: frozenset[int] = frozenset()
    credentials: tuple[DepartmentCredential, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statuses:
    """Which ticket statuses, by their decoded titles (all when ``include`` is empty)."""

    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How the source ``waiting`` is polled.

    ``timezone`` is that of the WHMCS server's dates; it may be empty where nobody polls them.
    """

    timezone: str = ""
    interval: float = 300.0
    max_pages: int = 20

    @property
    def stale_after(self) -> float:
        """Return the age at which waiting times go stale, whatever the site's own is."""
        return default_stale_after(self.interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one site may cost: bytes of an answer, and departments, statuses and series kept."""

    response_bytes: int = MIB
    departments: int = 500
    statuses: int = 200
    series: int = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicAuth:
    """HTTP basic authentication of what stands in front of WHMCS."""

    username: str
    password: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class TLSConfig:
    """How a server's certificate is checked, and which one is shown to it.

    Hashable, and equal when configured equal, so that sites can share one context.
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    server_name: str | None = None
    insecure_skip_verify: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One WHMCS installation: where it is, who asks, how often, for what."""

    name: str
    url: str
    credential: Credential
    interval: float = DEFAULT_INTERVAL
    timeout: float = default_timeout(DEFAULT_INTERVAL)
    stale_after: float = default_stale_after(DEFAULT_INTERVAL)
    max_concurrency: int = DEFAULT_MAX_CONCURRENCY
    sources: tuple[str, ...] = DEFAULT_SOURCES
    ignore_department_assignments: bool = True
    departments: Departments = Departments()
    statuses: Statuses = Statuses()
    waiting: Waiting = Waiting()
    limits: Limits = Limits()
    allow_http: bool = False
    host_header: str | None = None
    proxy_url: str | None = None
    basic_auth: BasicAuth | None = None
    tls_config: TLSConfig = TLSConfig()

    @property
    def api_url(self) -> str:
        """Return the address that every call is posted to."""
        return self.url + API_PATH


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every site, and the configuration files they were read from (none: the environment).

    ``site_files`` tells which of those files come and go. ``warnings`` are for the log: what works,
    and should not be left as it is.
    """

    sites: tuple[Site, ...]
    files: tuple[Path, ...] = ()
    site_files: SiteFiles = field(default_factory=SiteFiles, compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)
