"""Environment variables that Python and libraries read.

What they change is undone where that is possible. The others are refused before anything starts.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MULTIPROCESS = ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir")
# What Python ignores without any option.
_IGNORED = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


def problems(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return why the exporter cannot run in this environment, one line for each variable."""
    found = (*_of_libraries(environment), *_of_encoding(sys.getfilesystemencoding()))
    return tuple(f"environment: {problem}" for problem in found)


def reset_warnings() -> None:
    """Handle warnings as without ``PYTHONWARNINGS``, which can turn them into errors."""
    warnings.resetwarnings()
    for category in _IGNORED:
        warnings.simplefilter("ignore", category)


def _of_libraries(environment: Mapping[str, str]) -> Iterator[str]:
    for name in _MULTIPROCESS:
        # Empty counts too: the client library then writes to the working directory.
        if name in environment:
            yield f"{name}: metrics would be written to files for other processes; unset it"
    # Importing aiohttp opens the file, whatever TLS contexts the exporter makes.
    if environment.get("SSLKEYLOGFILE"):
        yield "SSLKEYLOGFILE: the keys of TLS connections would be written to a file; unset it"
    certificates = environment.get("SSL_CERT_FILE")
    if certificates is not None and not _is_readable(certificates):
        fix = "give the path of a readable file, or unset it"
        yield f"SSL_CERT_FILE: not a readable file of trusted certificates; {fix}"


def _of_encoding(encoding: str) -> Iterator[str]:
    if encoding != "utf-8":
        wrong = f"file names and variables would be read as {encoding}, not as UTF-8"
        yield f"PYTHONUTF8: {wrong}; set it to 1, or set LC_ALL to a UTF-8 locale and unset it"


def _is_readable(path: str) -> bool:
    # Not opened: opening a pipe could block.
    return os.access(path, os.R_OK) and not Path(path).is_dir()
