"""The only maker of a configuration: files or environment in, checked sites out."""

import glob
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from exporter.config import document, exposure, variables
from exporter.config.model import Config, Site
from exporter.config.problems import ConfigError, Place, Problems
from exporter.config.section import Scope, Section, expect
from exporter.config.site_files import SiteFiles
from exporter.config.sites import read_site
from exporter.config.tree import Listing, Node, Scalar, Table
from exporter.config.values import Unfit, text

_OWN_KEYS = ("name", "url")
_LONGEST_PATTERN = 1024
# Most keys are a site's, and stand so far left only since their indentation was lost.
_STRANGER = "indent it below its site, or remove it"


def load(path: Path | None, environment: Mapping[str, str]) -> Config:
    """Read and check a configuration file or, without one, the site in the environment.

    Blocks on files; what it returns needs no further check.

    Raises:
        ConfigError: Anything is wrong; it holds every problem.
    """
    if path is None and not environment.get(variables.URL):
        raise ConfigError(("neither --config.file nor WHMCS_URL is given; give one of them",))
    if path is not None and environment.get(variables.URL):
        raise ConfigError(("--config.file and WHMCS_URL are both given; give one of them",))
    problems = Problems()
    scope = Scope(problems=problems, environment=environment)
    config = _from_environment(scope) if path is None else _from_file(path, scope)
    if problems:
        raise ConfigError(problems.lines())
    return replace(config, warnings=exposure.warnings(scope.secret_files))


def _from_environment(scope: Scope) -> Config:
    scope = replace(scope, spelling=variables.spelling())
    return Config(sites=_sites(scope, [variables.table(scope.environment)], ()))


def _from_file(path: Path, scope: Scope) -> Config:
    root = document.read(path, scope.problems)
    table = expect(root, Table, scope.problems) if root else None
    if table is None:
        return Config(sites=(), files=(path,))
    with Section(scope, table.place, table, stranger=_STRANGER) as section:
        defaults = _defaults(section)
        nodes = section.listing("sites")
        patterns = section.scalars("site_files", partial(_pattern, folder=path.parent))
    site_files = SiteFiles(path.parent, patterns)
    files = site_files.files()
    nodes += tuple(node for file in files for node in _listed(file, scope.problems))
    tables = [table for node in nodes if (table := expect(node, Table, scope.problems))]
    _check_names(tables, scope.problems)
    if not nodes and not scope.problems:
        section.lacks("no site; give `sites` or `site_files`")
    sites = _sites(scope, tables, defaults)
    return Config(sites=sites, files=(path, *files), site_files=site_files)


def _defaults(section: Section) -> tuple[Table, ...]:
    node = section.find("defaults").get("defaults")
    table = expect(node, Table, section.scope.problems) if node else None
    if table is None:
        return ()
    for key in _OWN_KEYS:
        if key in table.entries:
            text_ = f"`{key}` among the defaults; write it in each site"
            section.problem(table.entries[key].place, text_)
    defaults = table.without(*_OWN_KEYS)
    # Once by themselves: what is wrong in them is wrong even where every site has its own.
    _sites(replace(section.scope, whole=False), [defaults], ())
    return (defaults,)


def _sites(scope: Scope, tables: Iterable[Table], defaults: tuple[Table, ...]) -> tuple[Site, ...]:
    sites = []
    for table in tables:
        with Section(scope, table.place, table, *defaults) as section:
            sites.append(read_site(section))
    return tuple(site for site in sites if site is not None)


def _pattern(pattern: str, *, folder: Path) -> str:
    # A longer one could exhaust the stack, and take quadratic time.
    if len(pattern) > _LONGEST_PATTERN:
        msg = f"a pattern of {len(pattern)} characters; write at most {_LONGEST_PATTERN}"
        raise Unfit(msg)
    if not glob.has_magic(text(pattern)) and not SiteFiles(folder).matching(pattern):
        msg = "there is no such file; create it, or leave it out"
        raise Unfit(msg)
    return pattern


def _listed(file: Path, problems: Problems) -> tuple[Node, ...]:
    root = document.read(file, problems)
    listing = expect(root, Listing, problems) if root else None
    return listing.items if listing else ()


def _check_names(tables: Iterable[Table], problems: Problems) -> None:
    first: dict[str, Place] = {}
    for table in tables:
        node = table.entries["name"].value if "name" in table.entries else None
        if not isinstance(node, Scalar) or node.empty:
            continue
        if node.text in first:
            wrong = f"duplicate site name (also at {first[node.text]})"
            problems.add(node.place, f"{wrong}; give each site its own name")
        first.setdefault(node.text, node.place)
