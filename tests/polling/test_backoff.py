"""Which requests are not sent after a rejection, and for how long."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from exporter.polling.backoff import BackingOff
from exporter.whmcs.errors import (
    ApiError,
    AuthFailed,
    HTTPStatus,
    IPDenied,
    PermissionMissing,
    RateLimited,
)
from tests.polling.outside import (
    COUNTS,
    DEPARTMENTS,
    GOOD,
    STATUSES,
    Answer,
    Bench,
    Call,
    SecretFile,
    by_credentials,
    department_of,
    ticket_counts,
)

# Polls are a minute apart: the first backoff ends after the second one, as it is a little longer.
SECOND = 3


def only_good(call: Call) -> Answer:
    """Let in only who knows the secret."""
    return ticket_counts() if call.form["secret"] == GOOD else AuthFailed("WHMCS says: no")


async def minutes_of_calls(bench: Bench, minutes: int) -> dict[str, list[float]]:
    """Poll both sources every minute; return by action when calls were made."""
    begun = bench.clock.monotonic()
    sources = (bench.ticket_counts(), bench.departments())
    for _ in range(minutes):
        for source in sources:
            await bench.poll(source)
        await bench.clock.advance(60)
    times: dict[str, list[float]] = {}
    for call in bench.whmcs.calls:
        times.setdefault(call.action, []).append((call.at - begun) / 60)
    return times


def is_backoff(minutes: list[float]) -> bool:
    """Return whether requests were sent after 2 minutes and from then on every 15 minutes."""
    first, second, *later = minutes
    gaps = [after - before for before, after in pairwise([second, *later])]
    return (0, SECOND) == (first, second) and len(gaps) > 1 and all(15 <= gap <= 16 for gap in gaps)


@pytest.mark.parametrize("error", [AuthFailed("no"), IPDenied("no")])
async def test_rejected_access_stops_both_sources(error: ApiError) -> None:
    """After a rejected login or address, one request is sent after 2, 15 and 15 minutes."""
    bench = Bench()
    bench.whmcs.refuse_all(error)

    times = await minutes_of_calls(bench, 50)

    assert [COUNTS] == list(times)
    assert is_backoff(times[COUNTS])


async def test_missing_permission_stops_only_the_source_that_needs_it() -> None:
    """The credential is accepted: the other source continues."""
    bench = Bench()
    bench.whmcs.answers[COUNTS] = PermissionMissing("no")

    times = await minutes_of_calls(bench, 50)

    assert is_backoff(times[COUNTS])
    assert list(range(50)) == times[DEPARTMENTS]


async def test_permission_for_one_of_two_actions_does_not_reset_the_backoff() -> None:
    """An accepted action of a source does not end the backoff of a rejected one."""
    bench = Bench()
    bench.whmcs.answers[STATUSES] = PermissionMissing("no")

    times = await minutes_of_calls(bench, 50)

    assert list(range(50)) == times[COUNTS]
    assert is_backoff(times[DEPARTMENTS])


async def test_nothing_is_counted_while_held() -> None:
    """A held poll fails, for the reason of the refusal, without a call, a failure or a length."""
    bench = Bench()
    bench.whmcs.refuse_all(IPDenied("Invalid IP"))

    refused = await bench.poll(bench.ticket_counts())
    await bench.clock.advance(60)
    held = await bench.poll(bench.ticket_counts())

    assert isinstance(held.error, BackingOff)
    assert "ip_denied" == held.error.reason
    assert (0.0, None) == (refused.duration, held.duration)
    assert refused.tally == held.tally
    assert ({COUNTS: 1}, {"ip_denied": 1}) == (held.tally.requests, held.tally.failures)
    assert [(COUNTS, 0.0)] == bench.telemetry.requests


@pytest.mark.parametrize("error", [AuthFailed("no"), IPDenied("no"), PermissionMissing("no")])
async def test_success_resets_the_backoff(error: ApiError) -> None:
    """After a success the next rejection causes the shortest backoff again."""
    bench = Bench()
    bench.whmcs.refuse_all(error)
    await minutes_of_calls(bench, SECOND + 1)
    bench.whmcs.answers = Bench().whmcs.answers
    await bench.clock.advance(16 * 60)
    await minutes_of_calls(bench, 1)
    bench.whmcs.refuse_all(error)
    bench.whmcs.calls.clear()

    assert [0, SECOND] == (await minutes_of_calls(bench, 10))[COUNTS]


async def test_changed_secret_ends_the_backoff_at_the_next_poll() -> None:
    """A rotated file is read before each request."""
    bench = Bench(credential=SecretFile("bad"))
    bench.whmcs.answers[COUNTS] = only_good
    await bench.poll(bench.ticket_counts())
    backing_off = await bench.poll(bench.ticket_counts())
    bench.credential.rotate("good")

    assert isinstance(backing_off.error, BackingOff)
    assert None is (await bench.poll(bench.ticket_counts())).error
    assert ["bad", "good"] == [call.form["secret"] for call in bench.whmcs.calls]


async def test_secret_that_is_restored_is_still_backing_off() -> None:
    """A rejected value stays rejected, however often the file is rewritten."""
    bench = Bench(credential=SecretFile("bad"))
    bench.whmcs.answers[COUNTS] = only_good
    await bench.poll(bench.ticket_counts())
    bench.credential.rotate("good")
    await bench.poll(bench.ticket_counts())
    bench.credential.rotate("bad")
    await bench.poll(bench.ticket_counts())

    assert ["bad", "good"] == [call.form["secret"] for call in bench.whmcs.calls]


async def test_third_login_waits_even_with_a_new_secret() -> None:
    """WHMCS bans an address after three rejected logins in 15 minutes."""
    bench = Bench(credential=SecretFile("bad"))
    bench.whmcs.answers[COUNTS] = only_good
    for secret in ("worse", "worst", GOOD):
        await bench.poll(bench.ticket_counts())
        bench.credential.rotate(secret)
    waiting = await bench.poll(bench.ticket_counts())
    await bench.clock.advance(900)

    assert isinstance(waiting.error, BackingOff)
    assert None is (await bench.poll(bench.ticket_counts())).error
    assert ["bad", "worse", GOOD] == [call.form["secret"] for call in bench.whmcs.calls]


async def test_changed_secret_ends_the_wait_for_a_permission() -> None:
    """Another secret may belong to another role."""
    bench = Bench()
    bench.whmcs.answers[COUNTS] = PermissionMissing("no")
    await bench.poll(bench.ticket_counts())
    bench.whmcs.answers[COUNTS] = ticket_counts()
    bench.credential.rotate("better")

    assert None is (await bench.poll(bench.ticket_counts())).error


@pytest.mark.parametrize("stamped", [True, False])
async def test_secret_that_changed_just_before_the_refusal_causes_no_wait(*, stamped: bool) -> None:
    """After a refusal the file is read whatever its stamp says: the new secret deserves its try."""
    bench = Bench(credential=SecretFile("old"))

    def rotated_meanwhile(call: Call) -> Answer:
        bench.credential.rotate("good", stamped=stamped)
        return only_good(call)

    bench.whmcs.answers[COUNTS] = rotated_meanwhile

    refused = await bench.poll(bench.ticket_counts())
    good = await bench.poll(bench.ticket_counts())

    assert isinstance(refused.error, AuthFailed)
    assert None is good.error


async def test_two_calls_that_were_under_way_with_the_old_secret_cause_no_wait() -> None:
    """The first refusal finds the new secret, and the second does not tell against that."""
    bench = Bench(credential=SecretFile("old"))
    sources = (bench.ticket_counts(), bench.departments())
    await bench.poll(sources[0])
    loop = asyncio.get_running_loop()
    refusals = {action: loop.create_future() for action in (COUNTS, DEPARTMENTS)}
    bench.whmcs.answers |= refusals
    polls = [asyncio.create_task(bench.poll(source)) for source in sources]
    await bench.clock.settle()
    bench.credential.rotate("good")
    for refusal in refusals.values():
        refusal.set_exception(AuthFailed("no"))
        await bench.clock.settle()
    refused = await asyncio.gather(*polls)
    bench.whmcs.answers = Bench().whmcs.answers
    # Two rejected logins: the third one waits until the first is 15 minutes old.
    await bench.clock.advance(900)

    assert all(isinstance(poll.error, AuthFailed) for poll in refused)
    assert [None, None] == [(await bench.poll(source)).error for source in sources]


async def test_file_that_looks_the_same_is_not_read_for_each_call() -> None:
    """Without a refusal a call costs a look at the file's stamp, not a read."""
    bench = Bench(credential=SecretFile("old"))
    bench.credential.rotate("new", stamped=False)

    await bench.poll(bench.ticket_counts())

    assert ["old"] == [call.form["secret"] for call in bench.whmcs.calls]


async def test_client_secret_that_changed_just_before_the_refusal_causes_no_wait() -> None:
    """What stands in front of WHMCS may be rotated within one tick of a file's stamp as well."""
    bench = Bench()

    def rotated_meanwhile(_: Call) -> Answer:
        bench.whmcs.own.rotate("better", stamped=False)
        return AuthFailed("HTTP status 401")

    bench.whmcs.answers[COUNTS] = rotated_meanwhile
    await bench.poll(bench.ticket_counts())
    bench.whmcs.answers[COUNTS] = ticket_counts()

    assert None is (await bench.poll(bench.ticket_counts())).error


async def test_changed_secret_of_the_client_ends_the_backoff_of_every_credential() -> None:
    """The reverse proxy's password is part of what was rejected."""
    bench = Bench()
    source = by_credentials("sales")
    bench.whmcs.answers[COUNTS] = AuthFailed("HTTP status 401")
    await bench.poll(source)
    bench.whmcs.answers[COUNTS] = department_of
    bench.whmcs.own.rotate("better")

    assert None is (await bench.poll(source)).error


@pytest.mark.parametrize(("asked", "minutes"), [(60, 1), (61, 2), (900, 15), (86_400, 15)])
async def test_retry_after_is_honoured_up_to_fifteen_minutes(asked: float, minutes: int) -> None:
    """All the site's calls are silent as long as the server asked, and not longer."""
    bench = Bench()
    bench.whmcs.refuse_all(RateLimited("HTTP status 429", asked))

    times = await minutes_of_calls(bench, minutes + 1)

    assert {COUNTS: [0, minutes]} == times


async def test_rate_limit_without_retry_after_waits_longer_each_time() -> None:
    """A server that limits requests without saying for how long is given 1, 2, 4 … 15 minutes."""
    bench = Bench()
    bench.whmcs.refuse_all(RateLimited("HTTP status 429"))

    times = await minutes_of_calls(bench, 60)

    assert [COUNTS] == list(times)
    expected = (2, 3, 5, 9, 16, 16)
    gaps = [after - before for before, after in pairwise(times[COUNTS])]
    assert all(0 <= most - gap <= 1 for most, gap in zip(expected, gaps, strict=False))


@pytest.mark.parametrize("error", [RateLimited("429", 0.0), HTTPStatus("HTTP status 500")])
async def test_other_failures_are_followed_by_the_next_poll_as_usual(error: ApiError) -> None:
    """Without a wait that was asked for there is none."""
    bench = Bench()
    bench.whmcs.refuse_all(error)

    times = await minutes_of_calls(bench, 5)

    assert {COUNTS: [0, 1, 2, 3, 4], DEPARTMENTS: [0, 1, 2, 3, 4]} == times


async def test_changed_secret_does_not_end_a_silence() -> None:
    """A server that asked to be left alone meant everybody."""
    bench = Bench()
    bench.whmcs.refuse_all(RateLimited("HTTP status 429", 600))
    await bench.poll(bench.ticket_counts())
    bench.credential.rotate("better")

    held = await bench.poll(bench.ticket_counts())

    assert isinstance(held.error, BackingOff)
    assert "rate_limited" == held.error.reason


async def test_rejected_credential_does_not_stop_the_others() -> None:
    """One department's credential backs off, the next one's continues."""
    bench = Bench()
    source = by_credentials("sales", "billing")

    def answer(call: Call) -> Answer:
        return AuthFailed("no") if call.form["identifier"] == "sales" else department_of(call)

    bench.whmcs.answers[COUNTS] = answer
    for _ in range(SECOND):
        await bench.poll(source)
        await bench.clock.advance(60)
    poll = await bench.poll(source)

    made = [call.form["identifier"] for call in bench.whmcs.calls]
    assert (2, 4) == (made.count("sales"), made.count("billing"))
    assert isinstance(poll.error, AuthFailed)
    assert ["1"] == list(poll.outcome.readings)


async def test_changed_secret_of_one_credential_does_not_end_the_backoff_of_another() -> None:
    """Each credential backs off independently."""
    bench = Bench()
    source = by_credentials("sales", "billing")
    bench.whmcs.answers[COUNTS] = AuthFailed("no")
    await bench.poll(source)
    await bench.clock.advance(901)
    bench.whmcs.calls.clear()
    for department in source.credentials:
        assert isinstance(department.credential, SecretFile)
        department.credential.rotate("another")
    await bench.poll(source)
    await bench.clock.advance(1)
    await bench.poll(source)

    assert ["sales", "billing"] == [call.form["identifier"] for call in bench.whmcs.calls]


async def test_missing_permission_of_one_credential_holds_back_only_its_part() -> None:
    """The source goes on with the credentials that may."""
    bench = Bench()
    source = by_credentials("sales", "billing")

    def answer(call: Call) -> Answer:
        denied = call.form["identifier"] == "sales"
        return PermissionMissing("no") if denied else department_of(call)

    bench.whmcs.answers[COUNTS] = answer
    await bench.poll(source)
    await bench.poll(source)

    assert ["sales", "billing", "billing"] == [
        call.form["identifier"] for call in bench.whmcs.calls
    ]
