"""What a good file comes to."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from exporter.config import (
    BasicAuth,
    Config,
    Credential,
    DepartmentCredential,
    Departments,
    Limits,
    Secret,
    Site,
    Statuses,
    TLSConfig,
    Waiting,
    load,
)

GOOD = Path(__file__).parent / "good"
ENVIRONMENT = {
    "ACME_ACCESS_KEY": "hunter-key",
    "BILLING_ID": "hunter-billing",
    "FRONT_PASSWORD": "hunter-front",
}
KEY = Secret("hunter-key", origin="$ACME_ACCESS_KEY")
FILE = Secret("hunter-file", origin="secret")
ROBOT = Credential(username="robot", password=FILE)
ACME = Site(
    name="acme",
    url="http://billing.acme.example/whmcs",
    credential=Credential(identifier=Secret("0123"), secret=FILE, access_key=KEY),
    interval=30.0,
    timeout=5.5,
    stale_after=90.0,
    max_concurrency=4,
    sources=("ticket_counts", "departments", "waiting"),
    ignore_department_assignments=False,
    departments=Departments(
        by="credentials",
        include=frozenset({1, 2}),
        exclude=frozenset({3}),
        credentials=(
            DepartmentCredential(
                name="Billing",
                credential=Credential(
                    identifier=Secret("hunter-billing", origin="$BILLING_ID"),
                    secret=Secret("s: billing"),
                    access_key=KEY,
                ),
            ),
            DepartmentCredential(
                name="Sales",
                credential=Credential(username="sales", password=Secret("no"), access_key=KEY),
            ),
        ),
    ),
    statuses=Statuses(include=frozenset({"Open", "On\nHold"}), exclude=frozenset({"Closed"})),
    waiting=Waiting(timezone="Europe/Berlin", interval=600.0, max_pages=5),
    limits=Limits(response_bytes=512 * 1024, departments=40, statuses=30, series=1000),
    allow_http=True,
    host_header="whmcs.acme.example:8443",
    proxy_url="http://proxy.acme.example:3128",
    basic_auth=BasicAuth(
        username="front", password=Secret("hunter-front", origin="$FRONT_PASSWORD")
    ),
    tls_config=TLSConfig(
        ca_file=Path("pem"),
        cert_file=Path("pem"),
        key_file=Path("pem"),
        server_name="acme.example",
        insecure_skip_verify=True,
    ),
)
DEFAULTED = Site(
    name="defaulted",
    url="https://[2001:db8::1]:8443",
    credential=ROBOT,
    interval=120.0,
    timeout=10.0,
    stale_after=360.0,
    max_concurrency=3,
    tls_config=TLSConfig(ca_file=Path("pem"), server_name="default.example"),
    limits=Limits(departments=40, statuses=30),
)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Config:
    """Load the file that sets every key."""
    monkeypatch.chdir(GOOD)
    return load(Path("full.yml"), ENVIRONMENT)


def site(config: Config, name: str) -> Site:
    """Return one site of a configuration."""
    return next(site for site in config.sites if site.name == name)


def test_every_key(full: Config) -> None:
    """Every key of the contract arrives in the site."""
    assert site(full, "acme") == ACME


def test_no_key_is_forgotten() -> None:
    """The file that sets every key leaves no field of a site at its default."""
    least = Site(name="acme", url="https://acme.example", credential=ROBOT)
    same = {
        field.name
        for field in fields(Site)
        if getattr(least, field.name) == getattr(ACME, field.name)
    }
    assert same == {"name"}


def test_defaults_are_those_of_the_types() -> None:
    """A site of four keys is a site with the defaults that stand beside the types."""
    credential = Credential(identifier=Secret("i"), secret=Secret("s"))
    expected = Site(name="acme", url="https://acme.example", credential=credential)
    path = GOOD / "least.yml"
    assert Config(sites=(expected,), files=(path,)) == load(path, {})


def test_merge_key_and_replaced_list(full: Config) -> None:
    """A merge key gives what the mapping itself does not, and mappings within are replaced."""
    expected = replace(ACME, name="other", sources=("ticket_counts",), departments=Departments())
    assert expected == site(full, "other")


def test_defaults_fill_what_a_site_leaves_out(full: Config) -> None:
    """Defaults count where a site is silent, and the computed ones follow its interval."""
    assert site(full, "defaulted") == DEFAULTED


def test_site_files(full: Config) -> None:
    """Sites of files follow in order of name, with the defaults; paths start at their file."""
    assert [each.name for each in full.sites] == ["acme", "other", "defaulted", "one", "no"]
    assert repr(site(full, "one").credential.password) == "<secret from sites.d/../secret>"
    assert site(full, "one").credential.username == "robot"
    paths = ("full.yml", "sites.d/one.yml", "sites.d/two.yml")
    assert full.files == tuple(Path(path) for path in paths)


def test_api_url() -> None:
    """The address of the API is below the base."""
    assert ACME.api_url == "http://billing.acme.example/whmcs/includes/api.php"


def test_tls_config_can_be_shared(full: Config) -> None:
    """Equal TLS settings of several sites are one key of a dictionary."""
    assert len({each.tls_config for each in full.sites}) == 2


def write(tmp_path: Path, text: str) -> Path:
    """Write a configuration file."""
    path = tmp_path / "config.yml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("default", "own", "expected"),
    [
        ("username: u, password: p", "identifier: i, secret: s", {"identifier", "secret"}),
        ("identifier: i, secret: s", "username: u, password: p", {"username", "password"}),
        ("identifier: i, secret: s", "secret_env: S", {"identifier", "secret"}),
        ("identifier: i, secret_env: S", "secret: s", {"identifier", "secret"}),
        ("username: u", "password: p", {"username", "password"}),
    ],
)
def test_login_over_default(tmp_path: Path, default: str, own: str, expected: set[str]) -> None:
    """A site's login replaces the other kind among the defaults, and fills up its own."""
    text = f"defaults: {{{default}}}\nsites: [{{name: a, url: 'https://a', {own}}}]\n"
    config = load(write(tmp_path, text), {"S": "s"})
    assert expected == config.sites[0].credential.form().keys()


def test_department_credentials_among_the_defaults(tmp_path: Path) -> None:
    """A site that counts by statuses says so, and the defaults' credentials are not for it."""
    text = """
defaults:
  departments: {by: credentials, credentials: [{name: d, identifier: i, secret: s}]}
  identifier: i
  secret: s
sites:
  - {name: a, url: 'https://a', departments: {by: statuses}}
  - {name: b, url: 'https://b'}
"""
    a, b = load(write(tmp_path, text), {}).sites
    assert a.departments == Departments()
    assert [each.name for each in b.departments.credentials] == ["d"]


def test_defaults_need_not_fit_together_by_themselves(tmp_path: Path) -> None:
    """What defaults lack, and what their values fit with, is for each site to say."""
    pem = GOOD / "pem"
    text = f"""
defaults: {{timeout: 90s, basic_auth: {{username: u}}, tls_config: {{key_file: {pem}}}}}
sites:
  - name: a
    url: https://a
    identifier: i
    secret: s
    interval: 5m
    basic_auth: {{password: p}}
    tls_config: {{cert_file: {pem}}}
"""
    expected = BasicAuth(username="u", password=Secret("p"))
    assert expected == load(write(tmp_path, text), {}).sites[0].basic_auth


def test_site_file_is_read_once(tmp_path: Path) -> None:
    """A file that two patterns match is read once; a pattern may be absolute, or match nothing."""
    sites = tmp_path / "sites.yml"
    sites.write_text("[{name: a, url: 'https://a', identifier: i, secret: s}]", encoding="utf-8")
    path = write(tmp_path, f"site_files: ['s*.yml', '{sites}', 'none/*']")
    config = load(path, {})
    assert (path, sites) == config.files
    assert [each.name for each in config.sites] == ["a"]


def test_first_merge_wins(tmp_path: Path) -> None:
    """Of several merged mappings the earlier one counts, as YAML has it."""
    text = """
sites:
  - &a {name: a, url: 'https://a', identifier: i, secret: s}
  - &b {name: b, url: 'https://b', identifier: i, secret: s, interval: 5m, timeout: 9s}
  - {<<: [*b, *a], name: c, timeout: 8s}
"""
    merged = load(write(tmp_path, text), {}).sites[2]
    assert (merged.name, merged.url) == ("c", "https://b")
    assert (merged.interval, merged.timeout) == (300.0, 8.0)


def test_many_aliases_cost_little(tmp_path: Path) -> None:
    """Mappings that merge one another many times over are merged once each."""
    layers = ["defaults: {limits: {<<: [*x40, *x40]}}"]
    steps = [f"<<: [{', '.join([f'*x{n}'] * 9)}]" for n in range(40)]
    lines = ["  - &x0 {series: 7}", *(f"  - &x{n + 1} {{{step}}}" for n, step in enumerate(steps))]
    text = "\n".join(["site_files:", *lines, *layers])
    with pytest.raises(Exception, match="where one value belongs"):
        load(write(tmp_path, text), {})


def test_byte_order_mark(tmp_path: Path) -> None:
    """A file from an editor that writes a byte order mark is read."""
    path = write(tmp_path, "\ufeff" + (GOOD / "least.yml").read_text(encoding="utf-8"))
    assert [each.name for each in load(path, {}).sites] == ["acme"]
