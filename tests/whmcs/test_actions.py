"""The actions have WHMCS's names, and the decoder of what each answers."""

import pytest

from exporter.whmcs import actions, decode


@pytest.mark.parametrize(
    ("action", "name", "decoder"),
    [
        (actions.GET_TICKET_COUNTS, "GetTicketCounts", decode.ticket_counts),
        (
            actions.GET_DEPARTMENT_TICKET_COUNTS,
            "GetTicketCounts",
            decode.department_ticket_counts,
        ),
        (actions.GET_SUPPORT_DEPARTMENTS, "GetSupportDepartments", decode.support_departments),
        (actions.GET_SUPPORT_STATUSES, "GetSupportStatuses", decode.support_statuses),
        (actions.GET_TICKETS, "GetTickets", decode.tickets),
    ],
)
def test_actions(action: actions.Action[object], name: str, decoder: object) -> None:
    """Both ways to ask GetTicketCounts count as one action."""
    assert (name, decoder) == (action.name, action.decode)
