"""Write the bill of materials of a release (CycloneDX 1.6, JSON) from the lock file.

It lists what is installed together with the exporter: versions, hashes of the files that may be
installed, and who needs whom, which the lock file says in its "via" comments. The same lock and
the same ``SOURCE_DATE_EPOCH`` (seconds; without it, now) give the same bytes.
"""  # noqa: INP001 - a program, not a package

import os
import re
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from exporter import __version__

LOCK = Path(__file__).with_name("runtime.txt")
_NAME = "whmcs-exporter"
_ENTRY = re.compile(r"^([a-z0-9-]+)==(\S+).*\n((?:[ ]+.*\n)*)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_VIA = re.compile(r"# (?: {2}|via )([a-z0-9-]+)")


@dataclass(frozen=True, slots=True)
class Locked:
    """One entry of the lock file; ``via`` names what needs it."""

    name: str
    version: str
    hashes: tuple[str, ...]
    via: tuple[str, ...]


def entries(lock: str) -> Iterator[Locked]:
    """Yield what the text of a lock file holds."""
    for name, version, details in _ENTRY.findall(lock):
        yield Locked(name, version, tuple(_HASH.findall(details)), tuple(_VIA.findall(details)))


def bill(lock: str, made: datetime) -> Bom:
    """Return the bill of the exporter and all it needs."""
    locked = list(entries(lock))
    exporter = _component(Locked(_NAME, __version__, (), ()), ComponentType.APPLICATION)
    exporter.licenses.add(LicenseFactory().make_from_string("Apache-2.0"))
    components = {each.name: _component(each) for each in locked}
    bom = Bom(components=components.values())
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_OID, f"{exporter.purl}\n{lock}")
    bom.metadata.component, bom.metadata.timestamp = exporter, made
    for name, component in {_NAME: exporter, **components}.items():
        needed = [components[each.name] for each in locked if name in each.via]
        bom.register_dependency(component, needed)
    return bom


def _component(locked: Locked, kind: ComponentType = ComponentType.LIBRARY) -> Component:
    return Component(
        type=kind,
        name=locked.name,
        version=locked.version,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=content) for content in locked.hashes],
        bom_ref=f"{locked.name}=={locked.version}",
        purl=PackageURL("pypi", None, locked.name, locked.version),
    )


if __name__ == "__main__":
    now = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())), UTC)
    text = JsonV1Dot6(bill(LOCK.read_text(encoding="utf-8"), now)).output_as_string(indent=2)
    Path(sys.argv[1]).write_text(f"{text}\n", encoding="utf-8")
