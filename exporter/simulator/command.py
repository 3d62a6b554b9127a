"""The command `simulate`."""

import argparse
import asyncio
import re
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from textwrap import fill

from exporter import progress
from exporter.simulator.access import DEFAULT_CREDENTIAL
from exporter.simulator.answers import Shape
from exporter.simulator.clock import FastClock
from exporter.simulator.desk import HelpDesk
from exporter.simulator.faults import FAULTS, Fault, find_fault
from exporter.simulator.server import Simulator
from exporter.simulator.site import Site
from exporter.simulator.tickets import Listing

_SHOWN_SITES = 10
_WIDTH = 79
# Eleven days in a second: beyond it a poll would see no life, only weeks that jump.
_FASTEST = 1_000_000.0
_ABOUT = f"""\
Every site answers to the API credential with identifier "{DEFAULT_CREDENTIAL}" and secret
"{DEFAULT_CREDENTIAL}", and to identifier "{DEFAULT_CREDENTIAL}-dept-ID" with the same secret as a
user of that department alone. They are public and protect nothing.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags, and what they mean, to a parser."""
    parser.epilog = f"{_ABOUT}\n{fill('Faults: ' + ', '.join(FAULTS), _WIDTH)}"
    add = parser.add_argument
    add(
        "--web.listen-address",
        dest="listen_address",
        type=_address,
        default=("127.0.0.1", 9943),
        metavar="HOST:PORT",
        help="where to listen; port 0 picks one (default: 127.0.0.1:9943)",
    )
    add(
        "--sites",
        type=_sites,
        default=("acme", "globex", "initech"),
        metavar="NAMES|N",
        help="names with commas between them, or how many (default: acme,globex,initech)",
    )
    add("--departments", type=_count, default=4, help="departments of each site (default: 4)")
    add("--seed", type=int, default=1, help="what the desks' lives are drawn from (default: 1)")
    add("--speed", type=_speed, default=1.0, help="simulated seconds in a second (default: 1)")
    add(
        "--whmcs-version",
        type=_version,
        default=(9, 0),
        metavar="X.Y",
        help="before 9.0 counts are of all departments, whoever asks (default: 9.0)",
    )
    add(
        "--shape",
        type=_shape,
        default=Shape.PLAIN,
        metavar="SHAPES",
        help=f"how answers are shaped, commas between: {', '.join(_SHAPES)} (default: none)",
    )
    add(
        "--timezone",
        type=_timezone,
        default=UTC,
        metavar="NAME",
        help="of the dates of tickets, which do not tell it (default: UTC)",
    )
    add(
        "--fault",
        type=_site_fault,
        action="append",
        default=[],
        metavar="SITE=NAME",
        help="a fault from the start; repeatable",
    )


async def run(args: argparse.Namespace, stop: asyncio.Event | None = None) -> int:
    """Run the simulator until it is told to stop.

    Args:
        args: What `add_arguments` parsed.
        stop: Ends it when set, as SIGINT and SIGTERM do.

    Returns:
        The exit code: 0 asked to stop, 1 the address is taken, 2 a fault for an unknown site.
    """
    stop = stop or asyncio.Event()
    unknown = [name for name, _ in args.fault if name not in args.sites]
    if unknown:
        sys.stderr.write(f"argument --fault: no site {unknown[0]!r} among --sites\n")
        return 2
    with progress.counted(len(args.sites), "sites") as show:
        simulator = make_simulator(args, show)
    try:
        await simulator.start(*args.listen_address)
    except OSError as error:
        sys.stderr.write(f"cannot listen: {error}\n")
        return 1
    try:
        await _serve(simulator, stop)
    finally:
        await simulator.stop()
    return 0


def make_simulator(
    args: argparse.Namespace, show: Callable[[int], None] = lambda _: None
) -> Simulator:
    """Make the simulator that the flags describe; it begins now and does not listen yet.

    ``show`` is told how many sites are made, each time one is.
    """
    start = datetime.now(UTC)
    faults: dict[str, Fault] = dict(args.fault)
    sites = []
    for done, name in enumerate(args.sites, 1):
        site = Site(
            desk=HelpDesk(name, seed=args.seed, start=start, departments=args.departments),
            shape=args.shape,
            listing=Listing(timezone=args.timezone),
            version=args.whmcs_version,
            fault=faults.get(name),
        )
        sites.append(site)
        show(done)
    return Simulator(sites, FastClock(args.speed, start))


async def _serve(simulator: Simulator, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for each in signals:
        loop.add_signal_handler(each, stop.set)
    sys.stdout.write(_greeting(simulator))
    sys.stdout.flush()
    try:
        await stop.wait()
    finally:
        for each in signals:
            loop.remove_signal_handler(each)


def _greeting(simulator: Simulator) -> str:
    names = list(simulator.sites)
    more = len(names) - _SHOWN_SITES
    return "\n".join(
        [
            f"Simulated WHMCS on {simulator.base}, which says how to make it fail",
            *(f"  {simulator.url(name)}" for name in names[:_SHOWN_SITES]),
            *([f"  and {more} more"] if more > 0 else []),
            f"identifier: {DEFAULT_CREDENTIAL} (one department: {DEFAULT_CREDENTIAL}-dept-ID)",
            f"secret: {DEFAULT_CREDENTIAL}",
            "",
        ]
    )


_SHAPES = {str(shape.name).lower().replace("_", "-"): shape for shape in Shape}


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not (host and colon and port.isascii() and port.isdecimal() and int(port) < 1 << 16):
        message = f"{text!r} is not HOST:PORT"
        raise argparse.ArgumentTypeError(message)
    return host.removeprefix("[").removesuffix("]"), int(port)


def _sites(text: str) -> tuple[str, ...]:
    if text.isascii() and text.isdecimal() and int(text) > 0:
        return tuple(f"site-{number}" for number in range(1, int(text) + 1))
    names = text.split(",")
    if len(set(names)) < len(names):
        message = f"{text!r} names a site twice"
        raise argparse.ArgumentTypeError(message)
    if not all(re.fullmatch(r"[A-Za-z][\w.-]*", name, re.ASCII) for name in names):
        message = f"{text!r} is neither names (letters, digits, '.', '_', '-') nor a number above 0"
        raise argparse.ArgumentTypeError(message)
    return tuple(names)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        message = f"{text!r} is not a number above 0"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _speed(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII) or float(text) > _FASTEST:
        message = f"{text!r} is not a speed such as 1, 60 or 0.5, a million at most"
        raise argparse.ArgumentTypeError(message)
    return float(text)


def _version(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)\.(\d+)(\.\d+)*", text, re.ASCII)
    if match is None:
        message = f"{text!r} is not a version such as 8.13 or 9.0"
        raise argparse.ArgumentTypeError(message)
    return int(match[1]), int(match[2])


def _shape(text: str) -> Shape:
    shape = Shape.PLAIN
    for name in text.split(","):
        if name not in _SHAPES:
            message = f"no shape {name!r}; there are {', '.join(_SHAPES)}"
            raise argparse.ArgumentTypeError(message)
        shape |= _SHAPES[name]
    return shape


def _timezone(text: str) -> tzinfo:
    import zoneinfo  # noqa: PLC0415 - few simulations need it, and every start would pay

    try:
        return zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError) as error:
        message = f"{text!r} is no time zone on this system, such as Europe/Berlin"
        raise argparse.ArgumentTypeError(message) from error


def _site_fault(text: str) -> tuple[str, Fault]:
    site, _, name = text.partition("=")
    if not (site and name):
        message = f"{text!r} is not SITE=NAME"
        raise argparse.ArgumentTypeError(message)
    try:
        return site, find_fault(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
