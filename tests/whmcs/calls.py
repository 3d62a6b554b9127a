"""Calls of the client under test, each over a session of its own."""

from collections.abc import Mapping

from exporter.config.secret import Credential, Secret
from exporter.whmcs.actions import Action
from exporter.whmcs.client import Client, Endpoint, open_session
from exporter.whmcs.document import JSON
from exporter.whmcs.errors import ApiError
from tests.whmcs.server import Script, serving

# Seconds: more than a busy machine takes for anything.
PATIENCE = 60.0
PARAMETERS = {"includeCountsByStatus": "1"}
CREDENTIAL = Credential(identifier=Secret("identifier47"), secret=Secret("secret47"))


def document(read: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return a whole document: the decoder of an action that is tested without its own."""
    return dict(read)


ACTION = Action("GetTicketCounts", document)


async def call(
    endpoint: Endpoint, credential: Credential = CREDENTIAL, *, limit: float = PATIENCE
) -> dict[str, JSON]:
    """Call GetTicketCounts once."""
    async with open_session("test/1") as session:
        return await Client(session, endpoint).post(ACTION, PARAMETERS, credential, limit=limit)


async def failure(
    endpoint: Endpoint, credential: Credential = CREDENTIAL, *, limit: float = PATIENCE
) -> ApiError:
    """Call GetTicketCounts once, in vain."""
    try:
        found = await call(endpoint, credential, limit=limit)
    except ApiError as error:
        return error
    raise AssertionError(found)


async def failure_of(script: Script, *, listens: bool = True, limit: float = PATIENCE) -> ApiError:
    """Call a server that follows this script, in vain."""
    async with serving(script, listens=listens) as server:
        return await failure(server.endpoint(), limit=limit)
