"""Each kind of answer, judged: the refusals of WHMCS's API and what stands in front of it."""

import json

import pytest

from exporter.whmcs.answer import Answer, judge
from exporter.whmcs.errors import ApiError, Redirected

CLOUDFLARE = (
    "<!DOCTYPE html><title>Access denied</title><p>The owner of this website (x.example) has "
    "banned your IP address (192.0.2.1).</p>"
)
DENIED_PAGE = "<html><h1>403</h1><p>Access Denied: you have no permission</p></html>"
DEEP = "[" * 65 + "]" * 65


def refusal(message: object, result: object = "error") -> str:
    """Return the body of a refusal in JSON."""
    return json.dumps({"result": result, "message": message})


def failure(status: int, body: str, retry_after: str | None = None) -> ApiError:
    """Judge an answer that is no success."""
    with pytest.raises(ApiError) as caught:
        judge(Answer(status, body.encode(), retry_after))
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        '{"result": "success", "allActive": 1}',
        '{"result": "SUCCESS", "allActive": 1}',
        '\ufeff\n{"allActive": 1, "result": "Success"} ',
    ],
)
def test_success(body: str) -> None:
    """The document of a success is returned whole, in whatever case it says so."""
    document = judge(Answer(200, body.encode()))
    assert {"result", "allActive"} == document.keys()


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Invalid IP 1.2.3.4", "ip_denied"),
        ("Invalid IP 2001:db8::1", "ip_denied"),
        ("invalid ip", "ip_denied"),
        ("Forbidden IP", "ip_denied"),
        ("Your IP has been banned", "ip_denied"),
        ("Your IP\nhas been\nbanned", "ip_denied"),
        (" &#73;nvalid IP 1.2.3.4", "ip_denied"),
        ('Invalid Permissions: API action "getticketcounts" is not allowed', "permission"),
        ("Invalid Permissions: API action &quot;x&quot; is not allowed", "permission"),
        ("Access Denied", "permission"),
        ("Invalid or missing credentials", "auth"),
        ("Authentication Failed", "auth"),
        ("Invalid password provided", "auth"),
        ("Administrator Account Disabled", "auth"),
        ("ADMINISTRATOR ACCOUNT DISABLED", "auth"),
        ("Empty action request", "api_error"),
        ("Command not found", "api_error"),
        ("Invalid IPs", "api_error"),
        ("Ticket says: Invalid IP 1.2.3.4", "api_error"),
        ("Ticket says: Access Denied", "api_error"),
        ("Ticket says: Authentication Failed", "api_error"),
        ("The zip was banned", "api_error"),
        ("", "api_error"),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 403, 500])
def test_messages(status: int, message: str, reason: str) -> None:
    """A message means the same under every status, as JSON and as text."""
    assert reason == failure(status, refusal(message)).reason
    assert reason == failure(status, f"result=error;message={message}").reason
    assert reason == failure(status, f"\ufeff \nresult=error;x=1;message={message};y=2").reason


@pytest.mark.parametrize(
    "result", ["error", "ERROR", "", "failed", "\u017fucce\u017fs", None, 1, True, []]
)
def test_result_that_is_no_success(result: object) -> None:
    """Any `result` but success is a refusal, even under 200."""
    assert "api_error" == failure(200, refusal("No", result)).reason


@pytest.mark.parametrize("message", [None, 7, [], {}])
def test_message_that_is_no_text(message: object) -> None:
    """A refusal that says nothing is still one."""
    error = failure(403, refusal(message))
    assert ("api_error", "WHMCS says: (no message)") == (error.reason, str(error))


@pytest.mark.parametrize(
    ("status", "body", "retry_after", "reason"),
    [
        # The first that fits.
        (302, DEEP, None, "too_large"),
        (429, DEEP, None, "too_large"),
        (302, refusal("Invalid IP 1.2.3.4"), "5", "redirect"),
        (429, refusal("Invalid IP 1.2.3.4"), None, "rate_limited"),
        (503, refusal("Access Denied"), "5", "rate_limited"),
        (503, refusal("Access Denied"), None, "permission"),
        (401, refusal("Invalid IP 1.2.3.4"), None, "ip_denied"),
        (401, refusal("Access Denied"), None, "permission"),
        (401, refusal("Invalid or missing credentials"), None, "auth"),
        (401, refusal("Who are you?"), None, "auth"),
        (
            403,
            '{"result": "error", "message": "Access Denied", "result": "error"}',
            None,
            "permission",
        ),
        # Redirects.
        (300, "", None, "redirect"),
        (301, "", None, "redirect"),
        (302, '{"result": "success"}', None, "redirect"),
        (304, "", None, "redirect"),
        (307, "<html>", None, "redirect"),
        (399, "", None, "redirect"),
        # Limits.
        (429, "", None, "rate_limited"),
        (429, '{"result": "success"}', None, "rate_limited"),
        (503, "<html>", "120", "rate_limited"),
        (503, "<html>", "", "rate_limited"),
        (503, "<html>", None, "http_status"),
        (500, "<html>", "120", "http_status"),
        # Pages.
        (403, "Forbidden IP 192.0.2.1", None, "ip_denied"),
        (200, "<html>Forbidden IP</html>", None, "ip_denied"),
        (403, "<html><h1>Forbidden\n IP</h1>", None, "ip_denied"),
        (403, "<p>Your IP has been banned</p>", None, "ip_denied"),
        (200, "<p>Your address 192.0.2.1 is banned.</p>", None, "ip_denied"),
        (403, CLOUDFLARE, None, "ip_denied"),
        (403, DENIED_PAGE, None, "http_status"),
        (200, DENIED_PAGE, None, "not_json"),
        (200, "<p>No equipment was banned</p>", None, "not_json"),
        (200, "<p>IP</p><p>banned</p>", None, "not_json"),
        (406, "<h1>Not Acceptable!</h1>", None, "http_status"),
        # Statuses.
        (401, "", None, "auth"),
        (401, '{"result": "success"}', None, "auth"),
        (500, '{"result": "success"}', None, "http_status"),
        (201, '{"result": "success"}', None, "http_status"),
        (204, "", None, "http_status"),
        (101, "", None, "http_status"),
        (999, "", None, "http_status"),
        (404, '{"error": "Access Denied"}', None, "http_status"),
        (404, '"Forbidden IP"', None, "http_status"),
        (404, "result=success;x=1", None, "http_status"),
        # 200, and not what was promised.
        (200, "", None, "not_json"),
        (200, "result=success;x=1", None, "not_json"),
        (200, "result=SUCCESS", None, "not_json"),
        (200, "my result=error;message=x", None, "not_json"),
        (200, 'PHP Warning {"result": "success"}', None, "not_json"),
        (200, '{"result": "success"} <!-- 0.1 s -->', None, "not_json"),
        (200, "null", None, "schema"),
        (200, "[]", None, "schema"),
        (200, '"success"', None, "schema"),
        (200, "{}", None, "schema"),
        (200, '{"message": "Access Denied"}', None, "schema"),
        (200, '{"result": "success", "result": "success"}', None, "schema"),
        (200, '{"result": "success", "x": [{"a": 1, "a": 1}]}', None, "schema"),
        (200, '{"result": "success", "result": "error"}', None, "api_error"),
        (200, "result=error", None, "api_error"),
        (500, "result=error\n", None, "api_error"),
    ],
)
def test_reasons(status: int, body: str, retry_after: str | None, reason: str) -> None:
    """Of several reasons the first of the contract's table is given."""
    assert reason == failure(status, body, retry_after).reason


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, refusal("Command not found"), "WHMCS says: Command not found"),
        (403, refusal("Invalid IP 1.2.3.4"), "WHMCS says: Invalid IP 1.2.3.4"),
        (403, "result=error;message=Access Denied", "WHMCS says: Access Denied"),
        (200, refusal(""), "WHMCS says: (no message)"),
        (200, "result=error", "WHMCS says: (no message)"),
        (200, refusal("A &amp; B &amp;lt;"), "WHMCS says: A & B &lt;"),
        (200, refusal("x" * 5000 + f"&#{'9' * 5000};"), "WHMCS says: " + "x" * 200),
        (200, refusal("a\nb\x1b[2Jc\ud800\u202e"), "WHMCS says: a b [2Jc  "),
        (200, refusal("x" * 201), "WHMCS says: " + "x" * 200),
        (
            403,
            CLOUDFLARE,
            "WHMCS says: Forbidden IP (banned your IP address)",
        ),
        (302, "", "HTTP status 302: redirects are not followed"),
        (429, "", "HTTP status 429"),
        (401, "", "HTTP status 401"),
        (500, "<html>", "HTTP status 500"),
        (200, "<html>", "the answer is not one JSON document in UTF-8"),
        (200, "7", "the answer is no JSON object"),
        (200, "{}", "the answer has no `result`"),
        (
            200,
            '{"result": "success", "a": 1, "a": 1}',
            "the answer has a key twice in one object",
        ),
    ],
)
def test_texts(status: int, body: str, expected: str) -> None:
    """What people read is short, printable, and says what came."""
    assert expected == str(failure(status, body))


@pytest.mark.parametrize(
    ("status", "before"),
    [(403, "HTTP status 403"), (200, "the answer is not one JSON document in UTF-8")],
)
@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("<title>Just a moment...</title>", ' (a page titled "Just a moment...")'),
        ('<TITLE id="x">\n Down &amp; out\n</TITLE>', ' (a page titled "Down & out")'),
        ("<title>No \x1b end", ""),
        (f"<title>{'x' * 201}</title>", ""),
        (" " * 65_536 + "<title>Late</title>", ""),
    ],
)
def test_titles_of_pages(status: int, before: str, page: str, title: str) -> None:
    """A page is told by its title: maintenance, a licence and a firewall have one each."""
    assert before + title == str(failure(status, page))


@pytest.mark.parametrize(
    ("location", "to"),
    [
        ("https://www.acme.example/whmcs/", " to https://www.acme.example/whmcs/"),
        ("/maintenance.php?from=secret47#secret47", " to /maintenance.php"),
        ("/a%20secret47/%73ecret47", " to /a ***/***"),
        ("?secret47", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_redirects_say_where_to(location: str | None, to: str) -> None:
    """Where a redirect leads is told, without what may repeat the request."""
    with pytest.raises(Redirected) as caught:
        judge(Answer(302, b"", location=location), ["secret47"])
    assert f"HTTP status 302{to}: redirects are not followed" == str(caught.value)


@pytest.mark.parametrize(("before", "reason"), [(65_000, "ip_denied"), (66_000, "http_status")])
def test_bans_are_looked_for_in_the_beginning_of_a_page(before: int, reason: str) -> None:
    """A page is searched for 64 KiB, so that a large one holds nobody up."""
    assert reason == failure(403, " " * before + CLOUDFLARE).reason
