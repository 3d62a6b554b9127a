"""Every fault of the campaign, group by group: one file a layer, from the network upwards."""

from __future__ import annotations

from tests.faults.kinds import (
    bodies,
    connections,
    framing,
    handshakes,
    names,
    redirects,
    refusals,
    shapes,
)

GROUPS = {
    "Connections": connections.FAULTS,
    "Names and proxies": names.FAULTS,
    "TLS": handshakes.FAULTS,
    "HTTP": framing.FAULTS,
    "Redirects": redirects.FAULTS,
    "Refusals": refusals.FAULTS,
    "Bodies": bodies.FAULTS,
    "Documents": shapes.FAULTS,
}
FAULTS = tuple(fault for group in GROUPS.values() for fault in group)
