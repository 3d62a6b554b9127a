"""The faults that can be switched on, by name."""

from dataclasses import dataclass
from difflib import get_close_matches

from exporter.simulator import mishaps
from exporter.simulator.access import FORBIDDEN
from exporter.simulator.mishaps import DEPTH, HUGE_BYTES, Handler, body, counts, page, refusal

_PHP_WARNING = b"<br />\n<b>Warning</b>:  Undefined array key 1 in <b>hooks.php</b><br />\n"
_BOM = b"\xef\xbb\xbf"
_DEEP = b'{"result": "success", "status": %s%s}' % (b"[" * DEPTH, b"]" * DEPTH)
_BEYOND_FLOATS = 10**30
_BAD_REQUEST = 400


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to fail.

    Attributes:
        name: As users write it.
        description: What it does, in one line.
        handler: Answers instead of WHMCS.
    """

    name: str
    description: str
    handler: Handler


_TABLE = (
    Fault("hang", "accepts the request and never answers", mishaps.hang),
    Fault("slow", "answers rightly, after some seconds", mishaps.slow),
    Fault("reset", "resets the connection instead of an answer", mishaps.reset),
    Fault("truncate", "ends the connection in the middle of the answer", mishaps.truncate),
    Fault("html", "200 with an HTML page", page(200, "Licensing Error")),
    Fault(
        "warning",
        "a PHP warning in front of good JSON",
        body(lambda good: _PHP_WARNING + good),
    ),
    Fault("bom", "a byte order mark in front of good JSON", body(lambda good: _BOM + good)),
    Fault("text", "result=...; text although JSON was asked", mishaps.text),
    Fault("install-folder", "200 with the page about it", page(200, "Security Warning")),
    Fault("http-500", "500 with the page of an uncaught exception", page(500, "Oops!")),
    Fault("http-503", "503 with an HTML page", page(503, "Service Unavailable")),
    Fault(
        "maintenance",
        "503 with Retry-After: 120",
        page(503, "Down for Maintenance", {"Retry-After": "120"}),
    ),
    Fault(
        "rate-limit",
        "429 with Retry-After: 30",
        page(429, "Too Many Requests", {"Retry-After": "30"}),
    ),
    Fault("cloudflare", "403 with a challenge for browsers", page(403, "Just a moment...")),
    Fault("mod-security", "406 of a firewall in the web server", page(406, "Not Acceptable!")),
    Fault("redirect", "302 to a page of the site", mishaps.redirect),
    Fault("invalid-ip", "403: the address is not allowed", mishaps.invalid_ip),
    Fault("invalid-ip-text", "the same as text although JSON was asked", mishaps.invalid_ip_text),
    Fault("banned", "403: the address is banned", refusal(FORBIDDEN, "Your IP has been banned")),
    Fault(
        "bad-credentials",
        "403: identifier or secret is wrong",
        refusal(FORBIDDEN, "Invalid or missing credentials"),
    ),
    Fault(
        "disabled-admin",
        "403: the admin's account is disabled",
        refusal(FORBIDDEN, "Administrator Account Disabled"),
    ),
    Fault(
        "no-api-access",
        'the admin\'s role lacks "API Access"',
        refusal(FORBIDDEN, "Access Denied"),
    ),
    Fault("no-permission", "403: the API role lacks the action", mishaps.no_permission),
    Fault(
        "no-action",
        "400: the form was lost on its way, as behind a redirect",
        refusal(_BAD_REQUEST, "Empty action request"),
    ),
    Fault(
        "unknown-action",
        "400: this WHMCS has no such action",
        refusal(_BAD_REQUEST, "Command not found"),
    ),
    Fault(
        "api-error",
        "200 with result error: the action itself failed",
        refusal(200, "An unexpected error occurred"),
    ),
    Fault("schema", "the counts are missing", counts(lambda _: None)),
    Fault("negative", "the counts are negative", counts(lambda _: -1)),
    Fault("huge-number", "the counts are 10^30", counts(lambda _: _BEYOND_FLOATS)),
    Fault(
        "huge", "8 MiB of white space behind good JSON", body(lambda good: good + b" " * HUGE_BYTES)
    ),
    Fault("deep", "JSON nested 100,000 deep", body(lambda _: _DEEP)),
    Fault(
        "not-utf8",
        "a text in Latin-1 in otherwise good JSON",
        body(lambda good: good.replace(b"{", b'{"note": "Caf\xe9", ', 1)),
    ),
    Fault("gzip-bomb", "compressed; unpacks to 16 MiB", mishaps.gzip_bomb),
)

FAULTS = {fault.name: fault for fault in _TABLE}


def find_fault(name: str) -> Fault:
    """Look up a fault.

    Raises:
        ValueError: There is none of that name; the message says what may be meant.
    """
    if name in FAULTS:
        return FAULTS[name]
    near = get_close_matches(name, FAULTS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(FAULTS)}"
    message = f"no fault {name!r}; {hint}"
    raise ValueError(message)
