"""What WHMCS repeats of a request never shows in an error's text, nor changes its reason."""

import html
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.whmcs.answer import Answer, judge
from exporter.whmcs.errors import ApiError

SECRET = "p;<ä>&amp;'\"\n+%s 7x"  # noqa: S105 - of this test


def failure(body: str, *secrets: str) -> ApiError:
    """Judge a refusal that may repeat these secrets."""
    with pytest.raises(ApiError) as caught:
        judge(Answer(403, body.encode()), secrets)
    return caught.value


@pytest.mark.parametrize(
    "echo",
    [
        SECRET,
        SECRET.upper(),
        SECRET.lower(),
        html.escape(SECRET),
        html.escape(SECRET.upper()),
        "".join(f"&#{ord(char)};" for char in SECRET),
    ],
)
@pytest.mark.parametrize("template", ["Wrong: {}!", "{}", "Invalid password {}", "x" * 190 + "{}"])
def test_hidden(echo: str, template: str) -> None:
    """A secret is blotted out in any case and when HTML-encoded, in JSON and in text."""
    message = template.format(echo)
    for body in (
        json.dumps({"result": "error", "message": message}),
        f"result=error;message={message};x=1",
    ):
        text = str(failure(body, "other", SECRET))
        assert "7x" not in text.lower()
        assert "ä" not in text.lower()


def test_text_around_stays() -> None:
    """Only the secret is blotted out."""
    body = json.dumps({"result": "error", "message": f"Wrong: {SECRET}!"})
    assert "WHMCS says: Wrong: ***!" == str(failure(body, SECRET))


@pytest.mark.parametrize("longer", ["hunter2-and-more", "a-hunter2", "a-hunter2-and-more"])
def test_longer_secret_goes_first(longer: str) -> None:
    """A secret that holds another one, wherever in it, leaves no rest behind."""
    body = json.dumps({"result": "error", "message": f"No {longer} here"})
    assert "WHMCS says: No *** here" == str(failure(body, "hunter2", longer))


def test_secret_in_a_page() -> None:
    """What is quoted of a page is blotted out too."""
    error = failure("<p>Your IP, hunter2, is banned</p>", "hunter2")
    assert "WHMCS says: Forbidden IP (IP, ***, is banned)" == str(error)


HIDDEN = "(not shown: it repeats a secret)"


@pytest.mark.parametrize(
    ("secret", "page", "expected"),
    [
        ("hunter2<-and-more", "<title>hunter2<-and-more</title>", ' (a page titled "***")'),
        (
            "hunt'<er2-and-more",
            "<title>hunt\\'<er2-and-more</title>",
            f' (a page titled "{HIDDEN}")',
        ),
        ("a title", "<title>a title</title>", ' (a page titled "***")'),
        ("title", "<title>No entry</title>", ""),
    ],
)
def test_secret_in_a_title(secret: str, page: str, expected: str) -> None:
    """A title that ends within a secret shows nothing of it."""
    assert f"HTTP status 403{expected}" == str(failure(page, secret))


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/hunter2?-and-more", "/***"),
        ("/hunter2%3F-and-more", "/***"),
        ("/hunter2%253F-and-more", HIDDEN),
        ("/hunter2&#63;-and-more", HIDDEN),
        ("/aHVudGVyMj8tYW5kLW1vcmU=", HIDDEN),
    ],
)
def test_secret_in_a_redirect(location: str, expected: str) -> None:
    """An address that is cut at a secret's question mark shows nothing of it."""
    with pytest.raises(ApiError) as caught:
        judge(Answer(302, b"", location=location), ["hunter2?-and-more"])
    assert f"HTTP status 302 to {expected}: redirects are not followed" == str(caught.value)


def test_secret_in_a_success() -> None:
    """A name that is a secret is not one any more."""
    body = b'{"result": "success", "name": "hunter2-and-more", "n": 1}'
    expected = {"result": "success", "name": "***", "n": 1}
    assert expected == judge(Answer(200, body), ["hunter2-and-more"])


def test_empty_secret() -> None:
    """A secret that is empty hides nothing."""
    body = json.dumps({"result": "error", "message": "No"})
    assert "WHMCS says: No" == str(failure(body, ""))


@pytest.mark.parametrize(
    ("secret", "message", "reason"),
    [
        ("password", "Invalid password provided", "auth"),
        ("invalid", "Invalid IP 192.0.2.1", "ip_denied"),
        ("denied", "Access Denied", "permission"),
        ("Access Denied", "No", "api_error"),
    ],
)
def test_reason_stays(secret: str, message: str, reason: str) -> None:
    """A secret that is a word of WHMCS's messages does not change what they mean."""
    body = json.dumps({"result": "error", "message": message})
    assert reason == failure(body, secret).reason


@settings(deadline=None)
@given(st.text("aAbB09&;#", min_size=4), st.text(st.characters()), st.text(st.characters()))
def test_arbitrary_echo(secret: str, before: str, after: str) -> None:
    """Wherever a secret stands in a message, the text is printable, short and without it."""
    body = json.dumps({"result": "error", "message": f"{before}{secret}{after}"})
    text = str(failure(body, secret)).removeprefix("WHMCS says: ")
    assert text.isprintable()
    assert len(text) <= 200
    assert secret not in text
