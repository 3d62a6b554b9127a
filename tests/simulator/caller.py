"""Somebody who calls a simulated site as an exporter does."""

import json
from dataclasses import dataclass
from typing import Any

import aiohttp

GOOD = {"identifier": "simulated", "secret": "simulated", "responsetype": "json"}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, read whole."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:  # noqa: ANN401 - what JSON holds is what the tests find out
        """The body as JSON."""
        return json.loads(self.body)


class Caller:
    """Calls the API of one site."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        """Call over this session, whose base is the site."""
        self.session = session

    async def call(self, action: str, **form: str) -> Answer:
        """Call an action with good credentials, unless the form has others."""
        return await self.post(GOOD | {"action": action} | form)

    async def post(self, form: dict[str, str]) -> Answer:
        """Send exactly this form."""
        return await self.request("POST", "includes/api.php", form)

    async def request(
        self, method: str, path: str, data: dict[str, str] | str | None = None
    ) -> Answer:
        """Send any request, and follow no redirect."""
        async with self.session.request(method, path, data=data, allow_redirects=False) as response:
            return Answer(response.status, await response.read(), dict(response.headers))
