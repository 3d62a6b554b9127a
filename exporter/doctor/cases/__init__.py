"""What can be wrong, as tables: by the reason and by what was said, the cause and the remedy.

Words in capitals stand for what is known of the case at hand: HOST and PORT that are connected
to, URL, ACTION, all ACTIONS that are needed, ADDRESS as WHMCS sees this host, CREDENTIAL, and
GIVEN: where that is from. Menus are those of WHMCS 8 and later, from its documentation.
``docs/troubleshooting.md`` shows it all.
"""

from exporter.doctor.cases.answers import ANSWERS
from exporter.doctor.cases.case import Case
from exporter.doctor.cases.way import WAY

CASES = (*WAY, *ANSWERS)

__all__ = ["CASES", "Case"]
