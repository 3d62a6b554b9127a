"""Files that a configuration names: tried when it is read, for a typing error shows then."""

from functools import partial
from pathlib import Path

from exporter.config.secret import open_regular
from exporter.config.section import Section
from exporter.config.values import Unfit, text


def file(section: Section, key: str) -> Path | None:
    """Return the path of a readable file; a relative one starts at the file that names it."""
    node = section.find(key).get(key)
    if node is None:
        return None
    return section.scalar(key, partial(_readable, folder=node.place.folder), None)


def _readable(value: str, *, folder: Path) -> Path:
    path = folder / text(value)
    try:
        open_regular(path).close()
    except OSError as error:
        msg = f"cannot be read ({error.strerror}); give the path of a readable file"
    else:
        return path
    raise Unfit(msg)
