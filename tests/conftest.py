"""What holds for all tests."""

import gc
import os
import time

from hypothesis import HealthCheck, settings

# How long an example takes, or is drawn, says nothing on a shared machine.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# For `make test`; hypothesis's own option --hypothesis-profile names it.
settings.register_profile("quick", settings.get_profile("steady"), max_examples=20)
settings.load_profile("steady")

# Most servers run in UTC, where local time in place of UTC is no difference that a test could see.
# POSIX's form of a zone needs no database: 12 hours and 45 minutes east of Greenwich.
os.environ["TZ"] = "CHAST-12:45"
time.tzset()


def pytest_collection_finish() -> None:
    """Leave what was imported out of garbage collections: some tests collect, or read all objects.

    With all tests imported, each collection took half a second of the machine.
    """
    gc.collect()
    gc.freeze()
