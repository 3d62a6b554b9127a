"""Judge a run of mutmut: ``python -m tests.mutation FOLDER``, as ``make mutants`` does.

Prints the score, and each mutant that survived without an explanation in ``survivors.toml``. Exits
with 1 when there is any, or when the run did not end.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.mutation.survivors import explained

MUTMUT = Path(sys.executable).with_name("mutmut")
# A mutant that makes tests hang is noticed as much as one that makes them fail.
NOTICED = {"killed", "timeout"}
SURVIVED = {"survived", "no tests"}


def main(folder: str) -> int:
    """Judge the run in ``folder``."""
    results = dict(
        line.strip().split(": ", 1) for line in _mutmut(folder, "results", "--all", "true") if line
    )
    counts = Counter(results.values())
    survivors = [name for name, status in results.items() if status in SURVIVED]
    known = {(each.function, mutant) for each in explained() for mutant in each.mutants}
    new = [name for name in survivors if not _mutation(folder, name) <= known]
    noticed = sum(counts[status] for status in NOTICED)
    report = [line for name in new for line in _mutmut(folder, "show", name)]
    report += [f"{noticed} of {len(results)} mutants noticed: {dict(counts)}"]
    report += [f"{len(survivors)} survived, {len(new)} of them without an explanation"]
    print(*report, sep="\n")  # noqa: T201 - its output
    return 1 if new or not results or counts.keys() - NOTICED - SURVIVED else 0


def _mutation(folder: str, name: str) -> set[tuple[str, str]]:
    """Return a mutant's function and the lines that it has instead of others."""
    lines = _mutmut(folder, "show", name)
    added = (line[1:].strip() for line in lines if re.match(r"\+(?!\+\+)", line))
    return {(_function(name), line) for line in added}


def _function(name: str) -> str:
    """Return the function's full name: mutmut writes ``x_name__mutmut_1``, ``xǁClassǁname__…``."""
    module, _, mangled = name.partition("__mutmut_")[0].rpartition(".")
    return f"{module}.{re.sub('^x_?', '', mangled).replace('ǁ', '.').removeprefix('.')}"


def _mutmut(folder: str, *arguments: str) -> list[str]:
    command = [str(MUTMUT), *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
