"""What manifests promise, whichever way they are made: as files, by kustomize or by Helm."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exporter.flags import DEFAULT_ADDRESS
from tests.deploy.objects import Object, container, of_kind
from tests.rules.rules import records

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EXPORTER = "whmcs-exporter"
PORT = int(DEFAULT_ADDRESS.removeprefix(":"))
PROMETHEUS: Object = {
    "namespaceSelector": {},
    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}},
}
DNS = {(53, "UDP"), (53, "TCP")}


def job() -> str:
    """Return the job by which the rules know the exporter."""
    (found,) = re.findall(r'job="([^"]+)"', records()["whmcs:exporter_up"]["expr"])
    return str(found)


def workload(objects: Iterable[Object]) -> Object:
    """Return the one object that makes pods."""
    (found,) = (one for one in objects if "template" in one.get("spec", {}))
    return found


def a_node_can_be_drained(objects: Sequence[Object]) -> None:
    """One pod at a time may go, also the only one, and one that is not ready."""
    (budget,) = of_kind("PodDisruptionBudget", objects)
    labels = workload(objects)["spec"]["template"]["metadata"]["labels"]
    assert budget["spec"] == {
        "maxUnavailable": 1,
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {"matchLabels": budget["spec"]["selector"]["matchLabels"]},
    }
    assert budget["spec"]["selector"]["matchLabels"].items() <= labels.items()


def pods_are_reached_by_prometheus_alone(objects: Sequence[Object]) -> None:
    """Prometheus reaches the port with the metrics; nothing reaches another."""
    (policy,) = of_kind("NetworkPolicy", objects)
    assert {"Ingress", "Egress"} == set(policy["spec"]["policyTypes"])
    (rule,) = policy["spec"]["ingress"]
    assert [{"port": "metrics"}] == rule["ports"]
    assert PROMETHEUS == rule["from"][0]


def pods_reach_dns_and_whmcs_alone(objects: Sequence[Object]) -> None:
    """Names are resolved by both protocols, and WHMCS is asked by HTTPS, wherever it is."""
    (policy,) = of_kind("NetworkPolicy", objects)
    names, whmcs = policy["spec"]["egress"]
    assert {"ports"} == names.keys() == whmcs.keys()
    assert {(one["port"], one["protocol"]) for one in names["ports"]} == DNS
    assert [{"port": 443}] == whmcs["ports"]


def the_service_leads_to_the_metrics(objects: Sequence[Object]) -> None:
    """The Service and the container have the exporter's own port, under one name."""
    (service,) = of_kind("Service", objects)
    expected = [{"name": "metrics", "port": PORT, "targetPort": "metrics"}]
    assert expected == service["spec"]["ports"]
    ports = container(EXPORTER, objects)["ports"]
    assert [{"name": "metrics", "containerPort": PORT}] == ports


def a_monitor_sets_the_job_of_the_rules(endpoints: Sequence[Object], port: str) -> None:
    """The rules find the exporter, and it is scraped often enough for them."""
    (endpoint,) = endpoints
    assert endpoint["port"] == port
    assert [{"targetLabel": "job", "replacement": job()}] == endpoint["relabelings"]
    assert endpoint["interval"] in {"30s", "1m"}


def a_probe_has_each_site_as_a_target(probe: Object, address: str, sites: Sequence[str]) -> None:
    """Each site is asked for at the Service, and its series have it as ``site``."""
    spec = probe["spec"]
    assert {"url": address, "path": "/probe"} == spec["prober"]
    assert "whmcs-sites" == spec["jobName"] != job()
    # A poll may take as long as its timeout, 10 s, for each call.
    assert ("60s", "30s") == (spec["interval"], spec["scrapeTimeout"])
    static = spec["targets"]["staticConfig"]
    assert sites == static["static"]
    relabeled = [{"sourceLabels": ["__param_target"], "targetLabel": "site"}]
    assert relabeled == static["relabelingConfigs"]


def every_shard_has_a_pod(objects: Sequence[Object], shards: int) -> None:
    """As many pods as shards; each takes the share of the number at the end of its name."""
    (found,) = of_kind("StatefulSet", objects)
    pod = container(EXPORTER, objects)
    assert shards == found["spec"]["replicas"]
    assert f"--total-shards={shards}" in pod["args"]
    assert "--shard=$(POD_NAME)" in pod["args"]
    name = {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    assert [name] == pod["env"]
    assert "Parallel" == found["spec"]["podManagementPolicy"]
    (service,) = of_kind("Service", objects)
    assert service["metadata"]["name"] == found["spec"]["serviceName"]
    # Prometheus has to scrape each of them.
    assert "None" == service["spec"]["clusterIP"]


PROMISES = (
    a_node_can_be_drained,
    pods_are_reached_by_prometheus_alone,
    pods_reach_dns_and_whmcs_alone,
    the_service_leads_to_the_metrics,
)
"""What holds for every way to run pods of the exporter alone."""
