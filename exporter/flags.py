"""The flags of every command, named as the exporters of the field name theirs."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from exporter import __version__, logs
from exporter.commands import COMMANDS
from exporter.web import paths
from exporter.web.listen import Address

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

DEFAULT_ADDRESS = ":9942"


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read a command line; ``command`` in the result is one of ``COMMANDS``.

    Raises:
        SystemExit: With 2 for wrong usage, with 0 for ``--help`` and ``--version``.
    """
    # What begins with a word that is no command gets the list of commands, not the flags of serve.
    is_flag = not argv or (argv[0].startswith("-") and argv[0] not in _ABOUT_ALL)
    arguments = ["serve", *argv] if is_flag else list(argv)
    # The flags of the other commands would cost their imports.
    own = parser(arguments[:1])
    args = own.parse_args(arguments)
    if args.command == "serve" and args.shard >= args.total_shards:
        own.error(
            f"--shard is {args.shard} and --total-shards {args.total_shards}: shards are numbered "
            "from 0, so it must be below"
        )
    return args


def addresses_in(command_line: Iterable[str]) -> Sequence[Address]:
    """Return where an exporter with this command line listens, whatever else is in it."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    _listen_flag(parser)
    known, _ = parser.parse_known_args([word for word in command_line if word != "--"])
    return known.addresses or [Address.parse(DEFAULT_ADDRESS)]


_ABOUT_ALL = ("-h", "--help", "--version")


def parser(filled: Container[str] = frozenset(COMMANDS)) -> argparse.ArgumentParser:
    """Make the parser of all commands; those that are not ``filled`` have no flags."""
    root = argparse.ArgumentParser(
        prog="whmcs-exporter",
        description="Prometheus exporter for the support desks of WHMCS.",
        epilog="Without --config.file one site comes from the environment: WHMCS_URL, "
        "WHMCS_IDENTIFIER(_FILE), WHMCS_SECRET(_FILE) and others; see the README.",
        allow_abbrev=False,
    )
    root.add_argument("--version", action="version", version=f"whmcs-exporter {__version__}")
    commands = root.add_subparsers(title="commands", dest="command", required=True)
    for name, (about, examples) in COMMANDS.items():
        subparser = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
        if name in filled:
            _FLAGS[name](subparser)
            _add_examples(subparser, examples)
    return root


def _add_examples(parser: argparse.ArgumentParser, examples: Iterable[str]) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    shown = "\n".join(["examples:", *(f"  {example}" for example in examples)])
    parser.epilog = "\n\n".join(filter(None, (parser.epilog, shown)))


def _check_flags(parser: argparse.ArgumentParser) -> None:
    _config_flags(parser)
    parser.add_argument(
        "--web.config.file",
        dest="web_config_file",
        type=Path,
        metavar="FILE",
        help="TLS, users and headers of the pages, in the format of Prometheus's exporter-toolkit",
    )


def _serve_flags(parser: argparse.ArgumentParser) -> None:
    _check_flags(parser)
    parser.add_argument(
        "--config.check",
        dest="check",
        action="store_true",
        help="check the configuration, without any network, and leave",
    )
    _listen_flag(
        parser,
        ":PORT, HOST:PORT, [IPv6]:PORT or unix:PATH; repeatable; port 0 picks one and logs it "
        f"(default: {DEFAULT_ADDRESS})",
    )
    _page_flags(parser)
    _shard_flags(parser)


def _page_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--web.telemetry-path",
        dest="telemetry_path",
        type=_path,
        default="/metrics",
        metavar="PATH",
        help="where the metrics are (default: %(default)s)",
    )
    parser.add_argument(
        "--web.max-requests",
        dest="max_requests",
        type=_positive,
        default=40,
        metavar="N",
        help="maximum number of parallel scrapes of the metrics, and separately of sites polled "
        "for /probe; further ones get 503; slow readers do not count (default: %(default)s)",
    )
    parser.add_argument(
        "--web.enable-lifecycle",
        dest="lifecycle",
        action="store_true",
        help="let POST and PUT of /-/reload read the configuration again, as SIGHUP does",
    )
    parser.add_argument(
        "--web.disable-exporter-metrics",
        dest="process_metrics",
        action="store_false",
        help="leave out process_*, python_info and python_gc_*",
    )


def _shard_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--shard",
        type=_shard,
        default=0,
        metavar="N",
        help="poll only the sites that fall to this one of several processes: a number from 0, or "
        "a name that ends in one, such as that of a StatefulSet's pod (default: %(default)s)",
    )
    parser.add_argument(
        "--total-shards",
        type=_positive,
        default=1,
        metavar="N",
        help="how many processes share the sites (default: %(default)s)",
    )


def _doctor_flags(parser: argparse.ArgumentParser) -> None:
    _config_flags(parser)
    parser.add_argument(
        "--site",
        dest="sites",
        action="append",
        default=[],
        metavar="NAME",
        help="look into this site alone; repeatable (default: every site)",
    )
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="for people or for programs (default: %(default)s)",
    )


def _collect_flags(parser: argparse.ArgumentParser) -> None:
    _config_flags(parser)
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="write to FILE in one step, as node_exporter's textfile collector needs it",
    )


def _healthcheck_flags(parser: argparse.ArgumentParser) -> None:
    _listen_flag(
        parser,
        "where the exporter listens; repeatable (default: what the first process was given, which "
        f"in a container is the exporter; without that, {DEFAULT_ADDRESS})",
    )


def _simulate_flags(parser: argparse.ArgumentParser) -> None:
    from exporter.simulator.command import add_arguments

    add_arguments(parser)


def _demo_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--web.listen-address",
        dest="address",
        type=_address,
        default="127.0.0.1:9942",
        metavar="ADDRESS",
        help="where the exporter listens (default: %(default)s)",
    )


def _listen_flag(parser: argparse.ArgumentParser, about: str = "") -> None:
    parser.add_argument(
        "--web.listen-address",
        dest="addresses",
        action="append",
        type=_address,
        metavar="ADDRESS",
        help=about,
    )


def _config_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config.file",
        dest="config_file",
        type=Path,
        metavar="FILE",
        help="the configuration; without it one site comes from the environment",
    )
    parser.add_argument(
        "--log.level",
        dest="log_level",
        choices=logs.LEVELS,
        default="info",
        help="(default: %(default)s)",
    )
    parser.add_argument(
        "--log.format",
        dest="log_format",
        choices=logs.FORMATS,
        default="logfmt",
        help="(default: %(default)s)",
    )


_FLAGS = {
    "serve": _serve_flags,
    "check": _check_flags,
    "doctor": _doctor_flags,
    "collect": _collect_flags,
    "healthcheck": _healthcheck_flags,
    "simulate": _simulate_flags,
    "demo": _demo_flags,
}


def _address(text: str) -> Address:
    try:
        return Address.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _path(text: str) -> str:
    if not re.fullmatch(r"(/[\w.~-]+)+", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is not a path such as /metrics")
    if paths.is_taken(text):
        raise argparse.ArgumentTypeError(f"{text} is another page's path; write one of its own")
    return text


def _shard(text: str) -> int:
    match = re.fullmatch(r"(?:.*-)?(\d{1,9})", text, re.ASCII)
    if match is None:
        msg = f"{text!r} is no number, nor a name that ends in one, such as whmcs-exporter-0"
        raise argparse.ArgumentTypeError(msg)
    return int(match[1])


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)
