"""Garbage collection for a process that keeps much, and throws next to nothing away in circles.

Nearly everything ends by itself when nobody refers to it any more; Python's collector looks for
circles, the more often the more is made, and each time among all there is. With 5,000 sites that
took a quarter of the CPU and held up one poll in a hundred for up to a second.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exporter.polling.clock import Clock

SWEEP_SECONDS = 600.0
# How many new objects bring a look at the new ones, and how many of those one at the younger half.
# The whole is looked at by the clock alone.
_NEW, _YOUNG, _NEVER = 10_000, 20, 1_000_000


def look_rarely() -> None:
    """Look at what is new now and then, and at everything only in ``sweep``."""
    gc.set_threshold(_NEW, _YOUNG, _NEVER)


async def sweep(clock: Clock) -> None:
    """Look at everything every ten minutes, until cancelled.

    Blocks the loop for about 20 ms, a fifth of a second with 5,000 sites.
    """
    while True:
        await clock.sleep(SWEEP_SECONDS)
        gc.collect()
