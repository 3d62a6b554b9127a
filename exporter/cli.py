"""The commands, and the exit codes that they end with.

0: asked to stop, or done. 1: failed while running. 2: wrong usage or configuration. 3: ``collect``
or ``doctor`` had a site that failed.
"""

from __future__ import annotations

import gc
import logging
import os
import resource
import sys
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from exporter import environment, flags, imports, logs, signals
from exporter.web.listen import Address

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from exporter import config
    from exporter.serving import ServeOptions
    from exporter.web.protection import Protection

log = logging.getLogger(__name__)

_OK, _FAILED, _WRONG, _SITE_FAILED = 0, 1, 2, 3


def main(argv: Sequence[str]) -> int:
    """Run the command that the arguments name and return its exit code."""
    args = flags.parse(argv)
    if args.command == "healthcheck":
        # It runs every half minute: what it does not need, two thirds of its time, stays away.
        return _healthcheck(args)
    with imports.made_cheap():
        from exporter import config

    try:
        _check_environment()
        return _COMMANDS[args.command](args)
    except config.ConfigError as error:
        print(error, file=sys.stderr)
        return _WRONG
    except KeyboardInterrupt:
        return _FAILED
    except OSError as error:
        log.error("failed", extra={"error": str(error)})  # noqa: TRY400 - no bug, no traceback
        return _FAILED
    except Exception:
        log.exception("ended by a bug")
        return _FAILED


def _check_environment() -> None:
    from exporter import config

    if problems := environment.problems(os.environ):
        raise config.ConfigError(problems)


def run() -> None:
    """Run as the installed command."""
    environment.reset_warnings()
    code = main(sys.argv[1:])
    logs.give_up()
    # The interpreter would search all objects for garbage, for seconds with thousands of sites.
    gc.freeze()
    sys.exit(code)


def _take_descriptors() -> None:
    """Take as many descriptors as are allowed, as Go's programs do: a kept connection is one."""
    _, allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Not every system lets a process have what it says.
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))


def _serve(args: argparse.Namespace) -> int:
    if args.check:
        signals.unblock()
        return _check(args)
    _take_descriptors()
    with imports.made_cheap():
        import asyncio

        from exporter import serving
        from exporter.web.pages import WebOptions

    dropped_log_lines = logs.configure_queue(args.log_level, args.log_format)
    options = serving.ServeOptions(
        addresses=args.addresses or [Address.parse(flags.DEFAULT_ADDRESS)],
        web=WebOptions(
            telemetry_path=args.telemetry_path,
            max_requests=args.max_requests,
            lifecycle=args.lifecycle,
        ),
        process_metrics=args.process_metrics,
        protection=_protection(args),
        dropped_log_lines=dropped_log_lines,
    )
    asyncio.run(_serve_to_the_end(partial(_load_shard, args), options), debug=False)
    return _OK


async def _serve_to_the_end(load: Callable[[], config.Config], options: ServeOptions) -> None:
    from exporter import serving

    await serving.serve(load, options)
    # A second signal must not change the exit code.
    signals.ignore()


def _check(args: argparse.Namespace) -> int:
    logs.configure(args.log_level, args.log_format)
    configuration = _load(args)
    if args.web_config_file is not None:
        from exporter.config import web

        for warning in web.load(args.web_config_file).warnings:
            log.warning(warning)
    print(f"configuration is good, sites: {len(configuration.sites)}")
    return _OK


def _collect(args: argparse.Namespace) -> int:
    _take_descriptors()
    with imports.made_cheap():
        import asyncio

        from exporter import app, progress, textfile

    logs.configure(args.log_level, args.log_format)
    configuration = _load(args)
    sources = sum(len(site.sources) for site in configuration.sites)
    with progress.counted(sources, "sources") as show:
        exposition, all_succeeded = asyncio.run(app.collect(configuration, show), debug=False)
    if args.output is None:
        _write_out(exposition)
    else:
        textfile.write(args.output, exposition)
    return _OK if all_succeeded else _SITE_FAILED


def _doctor(args: argparse.Namespace) -> int:
    with imports.made_cheap():
        from exporter.doctor import command

    report, all_well = command.run(_load(args), args.sites, args.format)
    _write_out(report.encode())
    return _OK if all_well else _SITE_FAILED


def _write_out(output: bytes) -> None:
    if sys.__stdout__ is None:
        raise OSError("standard output is closed")
    # Closed here, so that what cannot be written fails here, and not at the interpreter's end.
    with open(sys.__stdout__.fileno(), "wb", closefd=False) as out:
        out.write(output)


def _healthcheck(args: argparse.Namespace) -> int:
    from exporter import healthcheck

    try:
        for address in args.addresses or flags.addresses_in(healthcheck.first_command_line()):
            healthcheck.check(address)
    except healthcheck.Unhealthy as unhealthy:
        print(f"unhealthy: {unhealthy}")
        return _FAILED
    print("healthy")
    return _OK


def _simulate(args: argparse.Namespace) -> int:
    with imports.made_cheap():
        import asyncio

        from exporter.simulator import command

    return asyncio.run(command.run(args), debug=False)


def _demo(args: argparse.Namespace) -> int:
    with imports.made_cheap():
        import asyncio

        from exporter import demo

    logs.configure_queue("info", "logfmt")
    asyncio.run(demo.run(args.address), debug=False)
    return _OK


def _protection(args: argparse.Namespace) -> Protection | None:
    if args.web_config_file is None:
        return None
    from exporter import config
    from exporter.config import web
    from exporter.web.protection import Protection

    return Protection(partial(web.load, args.web_config_file), config.ConfigError)


def _load_shard(args: argparse.Namespace) -> config.Config:
    configuration = _load(args)
    if args.total_shards == 1:
        return configuration
    from exporter.sharding import Shard

    sites = Shard(args.shard, args.total_shards).of(configuration.sites)
    log.info(
        "shard",
        extra={
            "shard": args.shard,
            "total_shards": args.total_shards,
            "sites": len(sites),
            "of": len(configuration.sites),
        },
    )
    return replace(configuration, sites=sites)


def _load(args: argparse.Namespace) -> config.Config:
    from exporter import config

    configuration = config.load(args.config_file, os.environ)
    for warning in configuration.warnings:
        log.warning(warning)
    return configuration


_COMMANDS = {
    "serve": _serve,
    "check": _check,
    "doctor": _doctor,
    "collect": _collect,
    "simulate": _simulate,
    "demo": _demo,
}
