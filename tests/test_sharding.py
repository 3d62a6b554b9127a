"""Shards: every site in exactly one, and in the one that Prometheus would put it into."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter import flags
from exporter.sharding import Shard, shard_of
from tests.tools import tool

if TYPE_CHECKING:
    from pathlib import Path

MOST = 64


@dataclass(frozen=True)
class Named:
    """A site as sharding sees it."""

    name: str


# What a site may be called: `config.values.name` refuses half of a surrogate pair.
names = st.lists(st.text(st.characters(exclude_categories=["Cs"])), unique=True, max_size=30)


@given(names, st.integers(1, MOST))
def test_each_site_is_in_exactly_one_shard(found: list[str], total: int) -> None:
    """All shards together have every site once, each in the order of the configuration."""
    sites = [Named(name) for name in found]
    shards = [Shard(index, total).of(sites) for index in range(total)]
    assert sorted(found) == sorted(site.name for shard in shards for site in shard)
    for shard in shards:
        assert [site for site in sites if site in shard] == list(shard)


def test_for_every_count_of_shards() -> None:
    """For all counts to 64, a thousand sites are each in exactly one shard, and none is empty."""
    sites = [Named(f"site-{number}") for number in range(500)]
    for total in range(1, MOST + 1):
        shards = [set(Shard(index, total).of(sites)) for index in range(total)]
        assert len(sites) == sum(map(len, shards))
        assert set(sites) == set().union(*shards)
        assert all(shards)


@pytest.mark.parametrize("index", ["2", "3", "whmcs-exporter-2"])
def test_shard_beyond_the_last_is_refused(index: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Shards are numbered from 0: the third of two does not exist, and would poll no site."""
    with pytest.raises(SystemExit) as caught:
        flags.parse([f"--shard={index}", "--total-shards=2"])
    assert 2 == caught.value.code
    assert f"--shard is {index[-1]} and --total-shards 2: " in capsys.readouterr().err


@pytest.mark.parametrize(("index", "total"), [(0, 1), (0, 2), (1, 2), (63, 64)])
def test_shard_up_to_the_last_is_taken(index: int, total: int) -> None:
    """The last one has the number before that of all."""
    args = flags.parse([f"--shard={index}", f"--total-shards={total}"])
    assert (index, total) == (args.shard, args.total_shards)


def test_twice_as_many_shards_split_each_in_two() -> None:
    """Growing from N to 2 N moves a site only to the shard N further on, or not at all."""
    for number in range(1000):
        name = f"site-{number}"
        assert shard_of(name, 6) % 3 == shard_of(name, 3)


def test_shards_are_those_of_prometheus(tmp_path: Path) -> None:
    """Prometheus's `hashmod` of a name puts it into the same shard."""
    found = ["acme", "globex", "Ünï cödé", "a b", *(f"site-{number}" for number in range(50))]
    totals = (1, 2, 7, MOST)
    relabelling = [
        {
            "source_labels": ["__address__"],
            "action": "hashmod",
            "modulus": total,
            "target_label": f"of_{total}",
        }
        for total in totals
    ]
    # A name with a blank is no address; by now it has served.
    relabelling.append({"target_label": "__address__", "replacement": "localhost:1"})
    # Targets that are the same but for what they were are one target.
    relabelling.append({"source_labels": ["__param_name"], "target_label": "name"})
    job = {
        "job_name": "whmcs",
        "static_configs": [{"targets": [name], "labels": {"__param_name": name}} for name in found],
        "relabel_configs": relabelling,
    }
    config = tmp_path / "prometheus.yml"
    config.write_text(json.dumps({"scrape_configs": [job]}), encoding="utf-8")
    command = (tool("promtool"), "check", "service-discovery", "--timeout=1s", str(config), "whmcs")
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert {(name, total): str(shard_of(name, total)) for name in found for total in totals} == {
        (each["labels"]["name"], total): each["labels"][f"of_{total}"]
        for each in told
        for total in totals
    }
