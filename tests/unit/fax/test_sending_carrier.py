"""What an attempt asks of the carrier, and what becomes of every answer."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast

import orjson
import pytest

from carrier.commands import Request
from carrier.error_codes import RefusalKind
from carrier.fax_commands import CONTENTS_MAX_BYTES, LIST_MAX_PAGE
from carrier.outcomes import Accepted, InDoubt, NotSent, Outcome, Refused, WhyInDoubt, WhyNotSent
from chassis.effects import Done, Doubtful, Effect, Failed, RetryLater
from services.fax.sending import translate
from services.fax.sending.effects import Rendering
from services.fax.sending.following import Following
from services.fax.sending.handing_over import Handover, Withdrawal
from services.fax.sending.ids import AttemptKey, Tokens, secret_of
from services.fax.sending.looking import Look
from services.fax.sending.model import Attempt, Document, Quality
from tests.support.fax_jobs import JOB_ID, fax_job

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = AttemptKey(JOB_ID, 1)
TOKENS = Tokens(b"secret")
RENDERING = Rendering("1234", TOKENS, translate.announcement, translate.alert)
ATTEMPT = Attempt(number=1, start_time=NOW, state_time=NOW, quality=Quality.NORMAL)
NOBODY = cast("Following", None)
"""Performing needs no database; settling is proved on real ones."""


class Carrier:
    """Answers as told and remembers what it was asked."""

    def __init__(self, *answers: Outcome) -> None:
        """Give these answers in turn."""
        self._answers = list(answers)
        self.asked: list[Request] = []

    async def perform(self, request: Request, *, deadline: float = 5.0) -> Outcome:
        """Take one request."""
        self.asked.append(request)
        return self._answers.pop(0)


class Contents:
    """Holds one document, and gives links if it may."""

    def __init__(self, content: bytes | None = b"%PDF", link: str | None = None) -> None:
        """Hold this; None is gone."""
        self._content = content
        self._link = link

    async def read(self, sha256: str) -> AsyncIterator[bytes]:
        """Yield the content in two pieces."""
        if self._content is None:
            raise FileNotFoundError(sha256)
        yield self._content[:2]
        yield self._content[2:]

    async def link(self, sha256: str, seconds: float) -> str | None:
        """Return the link."""
        return self._link


def taken(**data: Any) -> Accepted:
    """Return the carrier's answer with this resource."""
    return Accepted(202, {"data": data})


def refusal(kind: RefusalKind, code: str = "20100", status: int = 403) -> Refused:
    """Return a refusal of a kind."""
    return Refused(status, code, "No", kind)


def handover_of(size: int = 4) -> Effect:
    """Return the effect that hands the attempt over."""
    document = Document(sha256="ab" * 32, size=size, page_count=2)
    return RENDERING.handover(fax_job(document=document), ATTEMPT)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (taken(id="fax-1"), Done("fax-1")),
        (taken(), Doubtful("ANSWER_UNREADABLE")),
        (refusal(RefusalKind.CONFIGURATION), Failed("CARRIER_REFUSED 20100", "policy")),
        (refusal(RefusalKind.BAD_REQUEST, "10016"), Failed("CARRIER_REFUSED 10016", "policy")),
        (refusal(RefusalKind.SLOW_DOWN, "10011"), Failed("CARRIER_REFUSED 10011", "capacity")),
        (refusal(RefusalKind.RETRY, "", 429), Failed("CARRIER_REFUSED 429", "capacity")),
        (NotSent(WhyNotSent.NOT_CONNECTED), RetryLater(5.0, "NOT_CONNECTED")),
        (InDoubt(WhyInDoubt.NO_ANSWER), Doubtful("NO_ANSWER")),
        (InDoubt(WhyInDoubt.SERVER_ERROR), Doubtful("SERVER_ERROR")),
    ],
)
async def test_every_answer_to_a_handover_means_one_thing(
    answer: Outcome, expected: object
) -> None:
    """Only what surely did not happen is ever a reason to try again."""
    assert await Handover(NOBODY, Carrier(answer), Contents()).perform(handover_of()) == expected


async def test_an_attempt_carries_its_document_and_its_token() -> None:
    """Twice the same bytes, with a token that only we can have made."""
    carrier = Carrier(taken(id="fax-1"), taken(id="fax-1"))
    handover = Handover(NOBODY, carrier, Contents(b"%PDF-1.7 letter"))
    for _ in range(2):
        await handover.perform(handover_of())
    first, second = carrier.asked
    assert first == second
    assert b"%PDF-1.7 letter" in first.body
    assert b'name="quality"\r\n\r\nnormal' in first.body
    token = base64.b64encode(TOKENS.write(KEY))
    assert token in first.body


async def test_a_large_document_goes_by_a_link() -> None:
    """Over 20 MB the carrier fetches it; without a link it cannot be sent."""
    carrier = Carrier(taken(id="fax-1"))
    large = handover_of(CONTENTS_MAX_BYTES + 1)
    link = "https://bucket.example.com/a?signature=1"
    await Handover(NOBODY, carrier, Contents(link=link)).perform(large)
    assert orjson.loads(carrier.asked[0].body)["media_url"] == link
    linkless = await Handover(NOBODY, Carrier(), Contents()).perform(large)
    assert linkless == Failed("DOCUMENT_ERASED")
    gone = await Handover(NOBODY, Carrier(), Contents(None)).perform(handover_of())
    assert gone == Failed("DOCUMENT_ERASED")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (taken(result="ok"), Done("stopping")),
        (refusal(RefusalKind.WRONG_STATE, "90080", 422), Failed("CARRIER_REFUSED 90080")),
        (refusal(RefusalKind.SLOW_DOWN, "10011", 429), RetryLater(5.0, "Refused")),
        (InDoubt(WhyInDoubt.NO_ANSWER), RetryLater(5.0, "InDoubt")),
    ],
)
async def test_stopping_is_asked_until_it_is_answered(answer: Outcome, expected: object) -> None:
    """Asking twice does no harm, and a fax that is over cannot be stopped."""
    known = Attempt(number=1, start_time=NOW, state_time=NOW, fax_id="fax-1")
    effect = RENDERING.withdrawal(fax_job(), known)
    assert await Withdrawal(NOBODY, Carrier(answer)).perform(effect) == expected


def row(fax_id: str, token: bytes, **facts: Any) -> dict[str, Any]:
    """Return an entry of the carrier's list."""
    state = base64.b64encode(token).decode()
    return {"id": fax_id, "client_state": state, "status": "queued"} | facts


def page(*rows: dict[str, Any], pages: int | None = None) -> Accepted:
    """Return a page of the carrier's list."""
    meta = {} if pages is None else {"meta": {"total_pages": pages}}
    return Accepted(200, {"data": list(rows)} | meta)


async def test_an_attempt_in_doubt_is_found_by_its_token() -> None:
    """Page after page, whatever else went between the two numbers."""
    foreign = [row(f"fax-{n}", TOKENS.write(AttemptKey(JOB_ID, n))) for n in range(2, 4)]
    nameless = {"id": "fax-0", "client_state": "not base64", "status": "queued"}
    ours = row("fax-1", TOKENS.write(KEY), status="failed")
    carrier = Carrier(page(nameless, *foreign, pages=2), page(ours, pages=2))
    found = await Look(NOBODY, carrier).perform(RENDERING.lookup(fax_job(), ATTEMPT, NOW))
    assert isinstance(found, Done)
    assert found.reference == "fax-1"
    assert orjson.loads(found.detail)["status"] == "failed"
    assert "page%5Bnumber%5D=2" in carrier.asked[1].path


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([page()], Done("")),
        ([page(*[{"id": "x"}] * LIST_MAX_PAGE), page()], Done("")),
        ([page(pages=0)], Done("")),
        ([NotSent(WhyNotSent.NOT_CONNECTED)], RetryLater(30.0, "NO_ANSWER")),
        ([Accepted(200, {})], RetryLater(30.0, "NO_ANSWER")),
        ([page(pages=2), InDoubt(WhyInDoubt.NO_ANSWER)], RetryLater(30.0, "NO_ANSWER")),
    ],
)
async def test_only_a_whole_list_says_that_there_is_none(
    answers: list[Outcome], expected: object
) -> None:
    """An attempt is missing when every page was read; otherwise nothing is known."""
    effect = RENDERING.lookup(fax_job(), ATTEMPT, NOW)
    assert await Look(NOBODY, Carrier(*answers)).perform(effect) == expected


async def test_a_known_transmission_is_read_by_its_id() -> None:
    """The list is not needed, and one the carrier has forgotten is no answer about our attempt."""
    known = Attempt(number=1, start_time=NOW, state_time=NOW, fax_id="fax-1")
    effect = RENDERING.lookup(fax_job(), known, NOW)
    carrier = Carrier(taken(id="fax-1", status="delivered"))
    found = await Look(NOBODY, carrier).perform(effect)
    assert carrier.asked[0].path == "/faxes/fax-1"
    assert isinstance(found, Done)
    gone = Carrier(refusal(RefusalKind.NOT_FOUND, "10005", 404))
    assert await Look(NOBODY, gone).perform(effect) == Done("")


def test_a_token_is_ours_or_nothing() -> None:
    """Any change of a token, and any token under another secret, names no attempt."""
    token = TOKENS.write(KEY)
    assert TOKENS.read(token) == KEY
    for other in (
        token.replace(b"/1.", b"/2."),
        token[:-1] + (b"A" if token[-1:] != b"A" else b"B"),
        Tokens(b"other").write(KEY),
        b"f2" + token[2:],
        b"",
        b"\xff.\xfe",
        b"hello",
    ):
        assert TOKENS.read(other) is None
    assert secret_of("", "KEY-1") != secret_of("", "KEY-2")
    assert secret_of("mine", "KEY-1") == secret_of("mine", "KEY-2")
