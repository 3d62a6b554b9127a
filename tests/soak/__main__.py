"""Soak an exporter: faults at random, scrapes that are compared with the truth, flat memory.

``python -m tests.soak --minutes 60`` has one scraper, ``--scrapers 50`` many. Progress goes to
standard error, the figures at the end to standard output. Exit code 1 on any violation.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
import tempfile
from pathlib import Path

from tests.soak.report import table, violations
from tests.soak.soak import Plan, Soak


def _plan(args: argparse.Namespace) -> Plan:
    return Plan(
        seconds=args.minutes * 60,
        seed=args.seed,
        sites=args.sites,
        departments=args.departments,
        speed=args.speed,
        scrapers=args.scrapers,
        judged_every=args.judged_every,
        looked_every=10.0,
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    add = parser.add_argument
    add("--minutes", type=float, default=60.0, help="how long (default: 60)")
    add("--seed", type=int, default=1, help="what faults and desks are drawn from (default: 1)")
    add("--sites", type=int, default=5, help="simulated sites (default: 5)")
    add("--departments", type=int, default=3, help="departments of each site (default: 3)")
    add("--speed", type=float, default=3600.0, help="simulated seconds a second (default: 3600)")
    add("--scrapers", type=int, default=1, help="each scrapes once a second (default: 1)")
    add("--judged-every", type=int, default=1, help="compare one scrape of so many (default: 1)")
    return parser.parse_args()


async def _run(plan: Plan, folder: Path) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    findings = await Soak(plan, folder).run(stop)
    found = violations(findings)
    sys.stdout.write(table(plan, findings))
    sys.stdout.writelines(f"VIOLATION {line}\n" for line in found)
    return 1 if found else 0


def main() -> int:
    """Run one soak and return the exit code."""
    plan = _plan(_parse())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_run(plan, Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
