"""The house's plan, held against the imports."""

from __future__ import annotations

import grimp
import pytest

# A room and the rooms that it may know.
ALLOWED: dict[str, set[str]] = {
    "durations": set(),
    "environment": set(),
    "garbage": {"polling"},
    "imports": set(),
    "stamps": set(),
    "sharding": set(),
    "config": {"durations", "stamps"},
    "whmcs": {"threads"},
    "polling": {"whmcs"},
    "snapshots": {"polling"},
    "exposition": {"polling", "snapshots", "threads", "whmcs"},
    "web": {"durations", "exposition", "snapshots", "stamps", "threads", "whmcs"},
    "simulator": {"progress"},
    "textfile": set(),
    "healthcheck": {"web"},
    "log_queue": set(),
    "logs": {"log_queue"},
    "signals": set(),
    "threads": set(),
    "notify": set(),
    "progress": set(),
    "commands": set(),
    "flags": {"commands", "logs", "simulator", "web"},
    "assembly": {"config", "polling", "snapshots", "stamps", "whmcs"},
    "doctor": {"assembly", "config", "polling", "progress", "whmcs"},
    "app": {"assembly", "config", "exposition", "polling", "snapshots", "whmcs"},
    "reload": {"config", "polling", "threads"},
    "serving": {
        *("garbage", "app", "config", "notify", "polling", "reload", "signals", "threads"),
        *("web", "whmcs"),
    },
    "demo": {"config", "serving", "simulator", "web"},
    "cli": {
        *("config", "environment", "flags", "imports", "logs", "progress", "sharding", "signals"),
        "web",
        *("app", "demo", "doctor", "healthcheck", "serving", "simulator", "textfile"),
    },
    "__main__": {"cli", "signals"},
}
# Third parties, and the only modules that may import them.
THIRD_PARTIES = {
    "aiohttp": {
        "exporter.whmcs.body",
        "exporter.whmcs.client",
        "exporter.whmcs.connector",
        "exporter.whmcs.resolver",
        "exporter.whmcs.transfer",
        "exporter.whmcs.transport",
        "exporter.app",
        "exporter.doctor.examination",
        "exporter.web",
        "exporter.simulator",
    },
    "prometheus_client": {"exporter.exposition"},
    "yaml": {"exporter.config"},
}
GRAPH = grimp.build_graph("exporter", include_external_packages=True)


def room(module: str) -> str:
    """Return the room of a module: the first name within the package."""
    return module.split(".")[1]


def rooms_known_to(name: str) -> set[str]:
    """Return the rooms that a room's modules import."""
    top = f"exporter.{name}"
    modules = {top, *GRAPH.find_descendants(top)}
    imported = {
        found for module in modules for found in GRAPH.find_modules_directly_imported_by(module)
    }
    inside = {found for found in imported if found.startswith("exporter.")}
    return {room(found) for found in inside} - {name}


def test_every_room_is_in_the_plan() -> None:
    """A new room must be placed in the plan before it is built."""
    assert ALLOWED.keys() == {room(module) for module in GRAPH.find_children("exporter")}


@pytest.mark.parametrize("name", ALLOWED)
def test_rooms_know_only_rooms_before_them(name: str) -> None:
    """No arrow points backwards, and no room knows more than the plan says."""
    assert set() == rooms_known_to(name) - ALLOWED[name]


@pytest.mark.parametrize("library", THIRD_PARTIES)
def test_third_parties_stay_in_their_rooms(library: str) -> None:
    """Polling and state know neither HTTP nor Prometheus, so that both could be replaced."""
    importers = GRAPH.find_modules_that_directly_import(library)
    homes = THIRD_PARTIES[library]
    strangers = {
        importer
        for importer in importers
        if not any(importer == home or importer.startswith(f"{home}.") for home in homes)
    }
    assert set() == strangers
