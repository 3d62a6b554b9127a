"""A simulated installation of WHMCS: a desk, who may ask it, and how it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from exporter.simulator.access import Access, Door, Refusal
from exporter.simulator.answers import ACTIONS, SCOPED_SINCE, Fields, Question, Shape, known_action
from exporter.simulator.desk import HelpDesk
from exporter.simulator.faults import Fault
from exporter.simulator.reply import Reply, refuse
from exporter.simulator.tickets import Listing

_BAD_REQUEST = 400


@dataclass(slots=True, kw_only=True)
class Site:
    """One installation of WHMCS; what it is set to may change while it runs.

    Attributes:
        desk: The help desk, whose name is the site's.
        access: Its credential, from which one for each department is derived.
        door: Which addresses may call.
        shape: How answers are shaped.
        listing: How tickets are listed.
        version: WHMCS's, as major and minor.
        fault: What goes wrong at present.
    """

    desk: HelpDesk
    access: Access = field(default_factory=Access)
    door: Door = field(default_factory=Door)
    shape: Shape = Shape.PLAIN
    listing: Listing = field(default_factory=Listing)
    version: tuple[int, int] = SCOPED_SINCE
    fault: Fault | None = None

    def reply(self, form: Mapping[str, str], address: str) -> Reply:
        """Answer a request to the API.

        Args:
            form: Its fields; none for a GET, which PHP does not read a form from.
            address: Where it comes from.
        """
        as_json = form.get("responsetype") == "json"
        try:
            fields = self._answer(form, address)
        except Refusal as refusal:
            return refuse(refusal, as_json=as_json)
        return Reply(fields={"result": "success"} | fields, as_json=as_json)

    def _answer(self, form: Mapping[str, str], address: str) -> Fields:
        self.door.check(form, address)
        action = known_action(form.get("action", ""))
        if not action:
            raise Refusal(_BAD_REQUEST, "Empty action request")
        access = self.access.check(form, self.desk.department_ids)
        if action not in ACTIONS:
            raise Refusal(_BAD_REQUEST, "Command not found")
        access.require(action)
        return ACTIONS[action](
            Question(
                state=self.desk.state(),
                tickets=self.desk.open_tickets,
                listing=self.listing,
                form=form,
                departments=access.departments,
                version=self.version,
                shape=self.shape,
            )
        )
