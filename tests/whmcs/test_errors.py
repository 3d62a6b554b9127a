"""The tree of errors is the closed set of reasons of the contract."""

import re

import pytest

from exporter.whmcs import errors

# In the order of judging, which users read in `whmcs_api_failures_total`.
REASONS = (
    "timeout",
    "tls",
    "connect",
    "too_large",
    "redirect",
    "rate_limited",
    "ip_denied",
    "permission",
    "auth",
    "api_error",
    "http_status",
    "not_json",
    "schema",
)


def test_reasons() -> None:
    """The reasons are those of the contract, in the order of judging."""
    assert REASONS == errors.REASONS


def test_every_error_has_its_reason() -> None:
    """No class is left out of the set, and no two share a reason."""
    found = [error.reason for error in errors.ApiError.__subclasses__()]
    assert sorted(REASONS) == sorted(found)


def test_tree_in_the_docstring() -> None:
    """The tree that is shown to readers holds every class and its reason, in order."""
    shown = re.findall(r"── (\w+) +(\w+) ", errors.__doc__ or "")
    real = [(error.__name__, error.reason) for error in errors.ApiError.__subclasses__()]
    assert real == shown
    assert list(REASONS) == [reason for _, reason in shown]


@pytest.mark.parametrize("retry_after", [None, 0.0, 30.0])
def test_rate_limit_keeps_the_wait(retry_after: float | None) -> None:
    """A rate limit carries the seconds that the server asked for beside its text."""
    error = errors.RateLimited("HTTP status 429", retry_after)
    assert (retry_after, "HTTP status 429") == (error.retry_after, str(error))
