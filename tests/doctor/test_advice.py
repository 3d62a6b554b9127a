"""The tables of causes and remedies: whole, and each row reached by what it is about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from exporter.doctor import advice
from exporter.doctor.cases import CASES, Case, warnings
from exporter.doctor.checkup import Advice
from exporter.whmcs import decode, errors

if TYPE_CHECKING:
    from exporter.whmcs.document import JSON
    from exporter.whmcs.errors import ApiError

ERRORS = {error.reason: error for error in errors.ApiError.__subclasses__()}
WORDS = {"HOST", "PORT", "URL", "ACTION", "ACTIONS", "ADDRESS", "CREDENTIAL", "GIVEN"}
# Capitals that are names and stay.
NAMES = {
    *("API", "CONNECT", "DNS", "GET", "HTTP", "IP", "JSON", "PHP", "POST", "TCP", "TLS", "WHMCS"),
    "WHMCS_CA_FILE",
}


def _error(case: Case, said: str) -> ApiError:
    return ERRORS[case.reason](f"so it says: {said}!")


@pytest.mark.parametrize("reason", errors.REASONS)
def test_every_reason_ends_with_a_row_for_the_rest(reason: str) -> None:
    """Whatever is said, there is a cause and a remedy; and no row stands behind the last."""
    rows = [case for case in CASES if case.reason == reason]
    assert [False] * (len(rows) - 1) + [True] == [case.said == () for case in rows]


def test_reasons_stand_in_the_order_of_judging() -> None:
    """The tables are read like the contract's."""
    assert list(errors.REASONS) == list(dict.fromkeys(case.reason for case in CASES))


@pytest.mark.parametrize(
    ("case", "said"), [(case, said) for case in CASES for said in (*case.said, "")]
)
def test_every_row_is_reached(case: Case, said: str) -> None:
    """What a row is about leads to it, and not to one before it."""
    if said or not case.said:
        assert case is advice.find(_error(case, said.upper()))


def test_openssl_and_the_system_speak_so() -> None:
    """Words of others that the tables wait for, as they were seen."""
    seen = {
        "Hostname mismatch, certificate is not valid for 'a.example'.": "another name",
        "certificate has expired": "has expired",
        "certificate is not yet valid": "not valid yet",
        "unable to get local issuer certificate": "who signed",
        "unable to get issuer certificate": "who signed",
        "self-signed certificate in certificate chain": "self-signed",
        "TLS failed: TLSV13_ALERT_CERTIFICATE_REQUIRED": "client certificate",
        "TLS failed: SSLV3_ALERT_HANDSHAKE_FAILURE": "client certificate",
        "TLS failed: UNSUPPORTED_PROTOCOL": "cannot agree",
    }
    for said, cause in seen.items():
        assert cause in advice.find(errors.TLSFailed(said)).cause


def test_the_decoder_speaks_so() -> None:
    """A ticket without a date is told from other answers that lack something."""
    row: JSON = {"tid": "A", "deptid": 1, "lastreply": "0000-00-00 00:00:00"}
    with pytest.raises(errors.SchemaMismatch) as caught:
        decode.tickets({"totalresults": 1, "tickets": {"ticket": [row]}})
    assert "no real date" in advice.find(caught.value).cause


def test_words_in_capitals_are_known() -> None:
    """No advice has a word in capitals that nobody fills in."""
    kept = [row for row in vars(warnings).values() if isinstance(row, Advice)]
    texts = [text for row in CASES for text in (row.cause, row.remedy)]
    texts += [text for row in kept for text in (row.cause, row.remedy)]
    found = {word for text in texts for word in re.findall(r"\b[A-Z_]{2,}\b", text)}
    assert WORDS | NAMES >= found
    assert found >= WORDS


def test_words_are_filled_in_once() -> None:
    """What is known is text: a host called URL stays one."""
    row = Advice(reason=None, cause="HOST at URL, of URLS", remedy="HOSTS")
    filled = advice.about(row, {"HOST": "URL", "URL": "http://HOST"})
    assert Advice(reason=None, cause="URL at http://HOST, of URLS", remedy="HOSTS") == filled
