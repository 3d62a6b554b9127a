"""The commands: what each is for, and how it is typed."""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """A line that says what it does, and examples, each a whole command line."""

    about: str
    examples: tuple[str, ...]


COMMANDS = {
    "serve": Command(
        "poll WHMCS and serve the metrics (the default)",
        (
            "whmcs-exporter --config.file=/etc/whmcs-exporter.yml",
            "whmcs-exporter serve --web.listen-address=127.0.0.1:9942 --log.format=json",
        ),
    ),
    "check": Command(
        "check the configuration, without any network, and leave",
        ("whmcs-exporter check --config.file=/etc/whmcs-exporter.yml",),
    ),
    "doctor": Command(
        "look into each site, from its name to its answers, and say what to do",
        (
            "whmcs-exporter doctor --config.file=/etc/whmcs-exporter.yml",
            "whmcs-exporter doctor --config.file=/etc/whmcs-exporter.yml --site=acme --format=json",
        ),
    ),
    "collect": Command(
        "poll everything once and write the metrics to standard output or a file",
        (
            "whmcs-exporter collect --config.file=/etc/whmcs-exporter.yml",
            "whmcs-exporter collect --output=/var/lib/node_exporter/whmcs.prom",
        ),
    ),
    "healthcheck": Command(
        "ask a running exporter whether it is healthy, as containers do",
        (
            "whmcs-exporter healthcheck",
            "whmcs-exporter healthcheck --web.listen-address=127.0.0.1:9942",
        ),
    ),
    "simulate": Command(
        "run simulated WHMCS help desks",
        (
            "whmcs-exporter simulate --sites=acme,globex --fault=acme=hang",
            "whmcs-exporter simulate --sites=2000 --speed=60",
        ),
    ),
    "demo": Command(
        "run simulated help desks and the exporter, on this machine alone",
        ("whmcs-exporter demo",),
    ),
}
