"""The files under deploy/ as they are, without a tool that reads them."""

from __future__ import annotations

import re
from configparser import ConfigParser
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.deploy.objects import KUBERNETES, ROOT, Object, of_kind, read
from tests.manifests import promises

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SYSTEMD = ROOT / "deploy" / "systemd"
# What decides when systemd starts, restarts and kills the exporter.
UNITS: dict[str, dict[str, dict[str, str]]] = {
    "whmcs-exporter.service": {
        "Service": {
            "Type": "notify",  # systemd waits until the configuration is read
            "WatchdogSec": "30",  # as README.md says
            "TimeoutStartSec": "30",
            "TimeoutStopSec": "10",  # the exporter ends within 5 s
            "Restart": "on-failure",
            "RestartSec": "5",
            "RestartPreventExitStatus": "2",  # a wrong configuration stays wrong
        },
        "Install": {"WantedBy": "multi-user.target"},
    },
    "whmcs-exporter-textfile.service": {
        "Service": {
            "Type": "oneshot",
            "TimeoutStartSec": "4min",  # less than the timer's five minutes
            "SuccessExitStatus": "3",  # a site failed, and the file says so
        },
    },
    "whmcs-exporter-textfile.timer": {
        "Timer": {"OnCalendar": "*:0/5", "RandomizedDelaySec": "5min", "FixedRandomDelay": "yes"},
        "Install": {"WantedBy": "timers.target"},
    },
}


def objects(folder: str) -> list[Object]:
    """Return the objects of a folder's files, whatever kustomize makes of them."""
    files = sorted((KUBERNETES / folder).glob("*.yml"))
    found = [one for file in files for one in read(file.read_text(encoding="utf-8"))]
    return [one for one in found if "kind" in one and one["kind"] != "Kustomization"]


def loaded(file: Path) -> Any:  # noqa: ANN401 - whatever YAML holds
    """Return what a YAML file holds."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("promise", promises.PROMISES, ids=lambda promise: promise.__name__)
def test_the_base_keeps_every_promise(promise: Callable[[Sequence[Object]], None]) -> None:
    """It is not patched, so its files are what a cluster gets."""
    promise(objects("base"))


@pytest.mark.parametrize(
    ("kind", "endpoints", "port"),
    [
        ("ServiceMonitor", "endpoints", "metrics"),
        ("PodMonitor", "podMetricsEndpoints", "whmcs-metrics"),
    ],
)
def test_monitors_set_the_job_of_the_rules(kind: str, endpoints: str, port: str) -> None:
    """The rules know the exporter by its job alone."""
    (monitor,) = of_kind(kind, objects("operator"))
    promises.a_monitor_sets_the_job_of_the_rules(monitor["spec"][endpoints], port)


def test_the_probe_has_the_sites_of_the_base() -> None:
    """It asks the base's Service, in the namespace of README.md, for the example's sites."""
    (probe,) = of_kind("Probe", objects("probe"))
    (service,) = of_kind("Service", objects("base"))
    name = service["metadata"]["name"]
    sites = [site["name"] for site in loaded(KUBERNETES / "base" / "whmcs.yml")["sites"]]
    address = f"{name}.whmcs-exporter.svc:{promises.PORT}"
    promises.a_probe_has_each_site_as_a_target(probe, address, sites)


def test_every_shard_is_a_replica() -> None:
    """A site of a shard without a pod would be polled by none."""
    patches = {
        (one["op"], str(one["value"]))
        for one in loaded(KUBERNETES / "sharded" / "statefulset.yml")
        if one["path"].endswith(("/replicas", "/args/-"))
    }
    assert {("replace", "3"), ("add", "--total-shards=3"), ("add", "--shard=$(POD_NAME)")} == (
        patches
    )


def test_a_changed_configuration_has_another_name() -> None:
    """Pods would not notice it under the same name: kustomize adds a hash if it may."""
    for overlay in ("base", "sidecar"):
        kustomization = loaded(KUBERNETES / overlay / "kustomization.yml")
        generators = [*kustomization["configMapGenerator"], *kustomization.get("generators", [])]
        options = [kustomization.get("generatorOptions", {})]
        options += [one.get("options", {}) for one in generators]
        assert not any(one.get("disableNameSuffixHash") for one in options)


@pytest.mark.parametrize("name", UNITS)
def test_units_start_and_restart_as_decided(name: str) -> None:
    """Each of these settings would be missed only when something fails."""
    unit = ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # as configparser's page says
    unit.read(SYSTEMD / name)
    for section, expected in UNITS[name].items():
        found = unit[section]
        assert expected == {key: found.get(key) for key in expected}


def test_the_page_about_systemd_says_when_it_restarts() -> None:
    """The time of the watchdog is in one sentence of it."""
    page = (SYSTEMD / "README.md").read_text(encoding="utf-8")
    (said,) = re.findall(r"after (\d+) s systemd restarts", page)
    assert UNITS["whmcs-exporter.service"]["Service"]["WatchdogSec"] == said
