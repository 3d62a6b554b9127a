"""Names that lead where a file says, at the border to the operating system's resolver.

Run as a script with the exporter's own arguments it is an exporter in a world of such names; the
environment variable ``HOSTS`` names the file: a JSON object of names, each with a list of what it
resolves to (addresses, the name of one of the resolver's errors, or ``HANG``).
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

from exporter import cli

HANG = "HANG"
_STEP = 0.02


class Hosts:
    """A resolver whose answers change while it runs."""

    def __init__(self, path: Path) -> None:
        """Look names up in the file at ``path``; those not in it are looked up for real."""
        self._path = path
        self._resolver = socket.getaddrinfo

    def write(self, names: dict[str, tuple[str, ...]]) -> None:
        """Let names resolve otherwise from now on; readers see the old file or the new one."""
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(names), encoding="utf-8")
        new.replace(self._path)

    def patched(self) -> Any:  # noqa: ANN401 - what `patch` returns has no public name
        """Return a context in which this process resolves names so."""
        return patch.object(socket, "getaddrinfo", self.getaddrinfo)

    def getaddrinfo(self, host: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:  # noqa: ANN401 - the standard library's signature
        """Resolve a name as the system's function of this name does."""
        answers = self._answers(host)
        if answers is None:
            return self._resolver(host, port, *args, **kwargs)
        while answers == [HANG]:
            time.sleep(_STEP)
            answers = self._answers(host) or []
        if answers and answers[0].startswith("EAI_"):
            raise socket.gaierror(getattr(socket, answers[0]), "the resolver failed")
        found = [self._resolver(address, port, *args, **kwargs) for address in answers]
        return [info for infos in found for info in infos]

    def _answers(self, host: object) -> list[str] | None:
        names: dict[str, list[str]] = json.loads(self._path.read_text(encoding="utf-8"))
        return names.get(str(host))


if __name__ == "__main__":
    with Hosts(Path(os.environ["HOSTS"])).patched():
        sys.exit(cli.main(sys.argv[1:]))
