"""The commands, and the exit codes that they end with.

0: asked to stop, or done. 1: failed while running. 2: wrong usage or configuration. 3: ``collect``
had a site that failed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import TYPE_CHECKING

from exporter import config, flags, logs
from exporter.web.listen import Address
from exporter.whmcs.tls import certificates_unread

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

log = logging.getLogger(__name__)

_OK, _FAILED, _WRONG, _SITE_FAILED = 0, 1, 2, 3


def main(argv: Sequence[str]) -> int:
    """Run the command that the arguments name and return its exit code."""
    args = flags.parse(argv)
    try:
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


def run() -> None:
    """Run as the installed command."""
    sys.exit(main(sys.argv[1:]))


def _serve(args: argparse.Namespace) -> int:
    if args.check:
        return _check(args)
    with certificates_unread():
        from exporter import app
        from exporter.web.server import WebOptions

    configuration = _load(args)
    options = app.ServeOptions(
        addresses=args.addresses or [Address.parse(flags.DEFAULT_ADDRESS)],
        web=WebOptions(telemetry_path=args.telemetry_path, max_requests=args.max_requests),
        process_metrics=args.process_metrics,
    )
    asyncio.run(app.serve(configuration, options))
    return _OK


def _check(args: argparse.Namespace) -> int:
    configuration = _load(args)
    print(f"configuration is good, sites: {len(configuration.sites)}")
    return _OK


def _collect(args: argparse.Namespace) -> int:
    with certificates_unread():
        from exporter import app, textfile

    exposition, all_succeeded = asyncio.run(app.collect(_load(args)))
    if args.output is None:
        sys.stdout.buffer.write(exposition)
    else:
        textfile.write(args.output, exposition)
    return _OK if all_succeeded else _SITE_FAILED


def _simulate(args: argparse.Namespace) -> int:
    from exporter.simulator import command

    return asyncio.run(command.run(args))


def _demo(args: argparse.Namespace) -> int:
    from exporter import demo

    logs.configure("info", "logfmt")
    asyncio.run(demo.run(args.address))
    return _OK


def _load(args: argparse.Namespace) -> config.Config:
    logs.configure(args.log_level, args.log_format)
    return config.load(args.config_file, os.environ)


_COMMANDS = {
    "serve": _serve,
    "check": _check,
    "collect": _collect,
    "simulate": _simulate,
    "demo": _demo,
}
