"""An answer of WHMCS as bytes: JSON, or the older text."""

import json
from dataclasses import dataclass

from aiohttp import web

from exporter.simulator.access import Refusal
from exporter.simulator.answers import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer of the API.

    Attributes:
        status: HTTP status.
        fields: The answer, `result` among them.
        as_json: Whether `responsetype=json` was asked; otherwise it is `key=value;` text.
    """

    status: int = 200
    fields: Fields
    as_json: bool = True

    @property
    def body(self) -> bytes:
        """The answer as it is sent; the text leaves out what is no plain value."""
        if self.as_json:
            return json.dumps(self.fields).encode()
        plain = (
            f"{key}={value}" for key, value in self.fields.items() if isinstance(value, int | str)
        )
        return ";".join(plain).encode()

    def response(self, body: bytes | None = None) -> web.Response:
        """Make the HTTP response, with another body if one is given."""
        return web.Response(
            status=self.status,
            body=self.body if body is None else body,
            content_type="application/json" if self.as_json else "text/plain",
        )


def refuse(refusal: Refusal, *, as_json: bool = True) -> Reply:
    """Make the reply of a refusal."""
    fields: Fields = {"result": "error", "message": refusal.message}
    return Reply(status=refusal.status, fields=fields, as_json=as_json)
