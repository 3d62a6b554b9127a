"""Write the notes of a release: the changelog's section of its version.

Usage: ``notes.py TAG``. The tag is the version with a v before it, as in v1.2.3.
"""  # noqa: INP001 - a program, not a package

import re
import sys
from pathlib import Path

from exporter import __version__

CHANGELOG = Path(__file__).parents[2] / "CHANGELOG.md"


def notes(changelog: str, version: str) -> str:
    """Return what stands beneath the heading ``## [version] - date``, without that.

    Raises:
        ValueError: There is no such section, or nothing in it.
    """
    heading = rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n"
    section = re.search(rf"{heading}(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if section is None or not section[1].strip():
        raise ValueError(f"the changelog says nothing of [{version}], or not when it was")
    return section[1].strip() + "\n"


def main(tag: str) -> None:
    """Write the notes to standard output, or leave with what is wrong."""
    if tag != f"v{__version__}":
        sys.exit(f"notes.py: the tag is {tag}, the code says v{__version__}")
    try:
        sys.stdout.write(notes(CHANGELOG.read_text(encoding="utf-8"), __version__))
    except ValueError as error:
        sys.exit(f"notes.py: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
