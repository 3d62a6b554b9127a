"""The log: one line an event on standard error, as logfmt or as JSON."""

from __future__ import annotations

import logging
import sys
import time
from typing import Literal

LogFormat = Literal["logfmt", "json"]
LEVELS = ("debug", "info", "warn", "error")
_NAMES = dict(
    zip((logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR), LEVELS, strict=True)
)
FORMATS: tuple[LogFormat, ...] = ("logfmt", "json")
_DATE = "%Y-%m-%dT%H:%M:%SZ"


def configure(level: str, log_format: LogFormat) -> None:
    """Send every logger's lines to standard error.

    Libraries speak from ``warning`` upwards only: at ``debug`` they may quote what was sent, and
    a call of WHMCS carries its secret in the body.
    """
    formatter = _formatter(log_format)
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    for number, name in _NAMES.items():
        logging.addLevelName(number, name)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("exporter").setLevel(level)


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
