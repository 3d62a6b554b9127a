"""What the files promise holds for what kustomize and Helm make, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.deploy.chart import MATRIX, MINIMAL, SITE, Values, rendered
from tests.deploy.objects import KUBERNETES, Object, built, of_kind, read
from tests.manifests import promises

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CHARTS = ("minimal", "sharded", "several", "operator", "pods")
NAME = "1-whmcs-exporter"  # of the release 1
every_promise = pytest.mark.parametrize(
    "promise", promises.PROMISES, ids=lambda promise: promise.__name__
)


def chart(values: Values) -> list[Object]:
    """Return the objects that the chart makes, but for its test."""
    return read(rendered(values, "--no-hooks"))


@every_promise
@pytest.mark.parametrize("overlay", ["base", "sharded"])
def test_kustomizations_keep_every_promise(
    overlay: str, promise: Callable[[Sequence[Object]], None]
) -> None:
    """No patch undoes what the files say."""
    promise(read(built(KUBERNETES / overlay)))


@every_promise
@pytest.mark.parametrize("case", CHARTS)
def test_the_chart_keeps_every_promise(
    case: str, promise: Callable[[Sequence[Object]], None]
) -> None:
    """With one pod, with several, and with shards."""
    promise(chart(MATRIX[case]))


def test_a_kustomization_has_a_pod_for_every_shard() -> None:
    """The two numbers are one."""
    promises.every_shard_has_a_pod(read(built(KUBERNETES / "sharded")), 3)


@pytest.mark.parametrize("shards", [2, 3, 12])
def test_the_chart_has_a_pod_for_every_shard(shards: int) -> None:
    """Whatever the number, and instead of the Deployment."""
    objects = chart(MINIMAL | {"shards": shards, "replicas": 2})
    promises.every_shard_has_a_pod(objects, shards)
    assert [] == of_kind("Deployment", objects)


@pytest.mark.parametrize("replicas", [1, 2])
def test_without_shards_every_pod_has_all_sites(replicas: int) -> None:
    """They are replicas of one Deployment, and know of no share."""
    (deployment,) = of_kind("Deployment", objects := chart(MINIMAL | {"replicas": replicas}))
    assert replicas == deployment["spec"]["replicas"]
    assert "shard" not in str(deployment)
    assert [] == of_kind("StatefulSet", objects)


@pytest.mark.parametrize(
    ("case", "kind", "endpoints", "interval"),
    [
        ("operator", "ServiceMonitor", "endpoints", "30s"),
        ("pods", "PodMonitor", "podMetricsEndpoints", "1m"),
    ],
)
def test_the_charts_monitors_find_the_pods(
    case: str, kind: str, endpoints: str, interval: str
) -> None:
    """Each selects what it scrapes, at the port of that, for the rules' job."""
    (monitor,) = of_kind(kind, objects := chart(MATRIX[case]))
    (service,) = of_kind("Service", objects)
    pod = promises.workload(objects)["spec"]["template"]
    labels = {
        "ServiceMonitor": service["metadata"]["labels"],
        "PodMonitor": pod["metadata"]["labels"],
    }
    assert monitor["spec"]["selector"]["matchLabels"].items() <= labels[kind].items()
    promises.a_monitor_sets_the_job_of_the_rules(monitor["spec"][endpoints], "metrics")
    assert interval == monitor["spec"][endpoints][0]["interval"]


def test_the_charts_probe_has_every_site() -> None:
    """In the order of the configuration, at the Service of the release."""
    sites = [SITE, SITE | {"name": "globex"}]
    objects = chart({"config": {"sites": sites}, "monitoring": {"probe": True}})
    (probe,) = of_kind("Probe", objects)
    address = f"{NAME}.n.svc:{promises.PORT}"
    promises.a_probe_has_each_site_as_a_target(probe, address, ["acme", "globex"])


def template(values: Values) -> dict[str, Any]:
    """Return the pods' template: when it changes, the pods roll."""
    found: dict[str, Any] = promises.workload(chart(values))["spec"]["template"]
    return found


@pytest.mark.parametrize("shards", [1, 3])
def test_a_changed_configuration_rolls_the_charts_pods(shards: int) -> None:
    """Any change of it, and nothing that does not concern the pods."""
    values = MINIMAL | {"shards": shards}
    before = template(values)
    renamed = {"config": {"sites": [SITE | {"name": "globex"}]}}
    assert before != template(values | renamed)
    assert before == template(values | {"networkPolicy": {"ports": [443, 8443]}})


def test_the_charts_policy_has_the_ports_that_were_asked_for() -> None:
    """The default is HTTPS; others replace it."""
    (policy,) = of_kind("NetworkPolicy", chart(MATRIX["everything"]))
    _, whmcs = policy["spec"]["egress"]
    assert [{"port": 443}, {"port": 3128}] == whmcs["ports"]
