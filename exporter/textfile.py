"""A file for node_exporter's textfile collector: whole, or not there at all."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path

# node_exporter runs as another user.
_MODE = 0o644


def write(path: Path, exposition: bytes) -> None:
    """Replace a file in one step: readers see the old text or the new one.

    Raises:
        OSError: The folder is missing, full or not writable, or ``path`` is a folder or a device;
            the old file is as it was.
    """
    try:
        _replace(path, exposition)
    except OSError as error:
        # Not every error names a file, and most name the temporary one.
        raise OSError(f"cannot write {path}: {error.strerror}") from error


def _replace(path: Path, exposition: bytes) -> None:
    # Root could replace even /dev/stdout, for the whole system.
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a regular file")
    with contextlib.ExitStack() as on_failure:
        # The collector reads *.prom alone, so that this name is none of its files.
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        on_failure.callback(Path(name).unlink)
        with os.fdopen(descriptor, "wb") as file:
            file.write(exposition)
            file.flush()
            os.fchmod(descriptor, _MODE)
            os.fsync(descriptor)
        Path(name).replace(path)
        on_failure.pop_all()
