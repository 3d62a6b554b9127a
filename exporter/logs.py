"""The log: one line an event on standard error, as logfmt or as JSON."""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

LogFormat = Literal["logfmt", "json"]
LEVELS = ("debug", "info", "warn", "error")
_NAMES = dict(
    zip((logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR), LEVELS, strict=True)
)
FORMATS: tuple[LogFormat, ...] = ("logfmt", "json")
log = logging.getLogger(__name__)

_DATE = "%Y-%m-%dT%H:%M:%SZ"


def configure(level: str, log_format: LogFormat) -> None:
    """Send every logger's lines to standard error.

    Libraries speak from ``warning`` upwards only: at ``debug`` they may quote what was sent, and
    a call of WHMCS carries its secret in the body.
    """
    _install(logging.StreamHandler(sys.stderr), level, log_format)


def configure_queue(level: str, log_format: LogFormat) -> Callable[[], int]:
    """Do the same as ``configure``, in a way that never waits for the reader of the log.

    Returns:
        A function that returns how many lines were dropped.
    """
    from exporter.log_queue import QueueHandler

    try:
        # -1 if standard error was closed at the start: its number may belong to another file now.
        handler = QueueHandler(sys.stderr.fileno() if sys.stderr else -1)
    except RuntimeError:  # no thread can be started
        configure(level, log_format)
        return lambda: 0
    _install(handler, level, log_format)
    sys.unraisablehook = _log_unraisable
    return lambda: handler.dropped


def _install(handler: logging.Handler, level: str, log_format: LogFormat) -> None:
    formatter = _formatter(log_format)
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    for number, name in _NAMES.items():
        logging.addLevelName(number, name)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    logging.getLogger("exporter").setLevel(level)


def _log_unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    """Log an exception that Python would print itself, and wait for the reader."""
    error = unraisable.exc_value
    log.error(unraisable.err_msg or "exception ignored", exc_info=error)


def give_up() -> None:
    """Forget lines that could not be written, on a full disk say: the program is at its end.

    The interpreter would try once more, and end with an exit code of its own.
    """
    try:
        if sys.stderr:  # None when it was closed at the start
            sys.stderr.flush()
    except OSError:
        sys.stderr = None


def _formatter(log_format: LogFormat) -> logging.Formatter:
    # Imported here, since only one of the two is ever used.
    if log_format == "json":
        from pythonjsonlogger.json import JsonFormatter

        return JsonFormatter(
            ["asctime", "levelname", "name", "message"],
            rename_fields={
                "asctime": "time",
                "levelname": "level",
                "name": "logger",
                "message": "msg",
            },
            datefmt=_DATE,
        )
    from logfmter import Logfmter

    return Logfmter(
        keys=["time", "level", "logger"],
        mapping={"time": "asctime", "level": "levelname", "logger": "name"},
        datefmt=_DATE,
    )
