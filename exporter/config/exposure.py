"""Who else may read the files that hold secrets.

A file is judged by its own mode alone: whoever wrote it can take the right away, on a host and, by
``defaultMode`` and ``fsGroup``, in Kubernetes alike. What stands around it (folders, containers)
is not weighed, for it may change while the mode stays.
"""

import stat
from collections.abc import Iterable
from pathlib import Path

from exporter.config.problems import printable

_NAMED = 5


def warnings(secret_files: Iterable[Path]) -> tuple[str, ...]:
    """Return one warning that names the files every user may read, or none.

    Blocks for one ``os.stat`` a file.
    """
    open_ = [printable(str(path)) for path in secret_files if _is_open(path)]
    if not open_:
        return ()
    names = ", ".join(open_[:_NAMED])
    more = f" and {len(open_) - _NAMED} more" if len(open_) > _NAMED else ""
    return (f"every user may read a file that holds a secret: {names}{more}; use chmod o-r",)


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:  # gone since it was read
        return False
