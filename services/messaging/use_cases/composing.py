"""From what a caller asks for to the message as it will be: words, parts, and times."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from chassis.errors import FieldViolation, Invalid, NotYet
from services.messaging.model import Purpose, is_dialable, is_short_code
from services.messaging.sending.plan import Deferral, Plan
from services.messaging.sending.segments import MAX_PARTS, estimate
from services.messaging.sending.templates import TemplateUse
from services.messaging.use_cases.templates import Templates

FURTHEST = timedelta(days=366)
"""How far ahead a message may be scheduled: a year's date next year, leap year or not."""

CODE_LIFE = timedelta(minutes=10)
"""How long a code is worth sending when its sender does not say: a decision of ours."""

Opens = Callable[[str, datetime], datetime | None]
"""Returns when a number may next be sent marketing, from an instant on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be sent."""

    our_number: str
    peer_number: str
    text: str
    purpose: Purpose
    media_urls: tuple[str, ...] = ()
    subject: str = ""
    template: TemplateUse | None = None
    """What the text is made from; the text is empty until it is."""
    program: str = ""
    schedule_time: datetime | None = None
    valid_for: timedelta | None = None
    expire_time: datetime | None = None
    template_locale: str = ""
    """The locale the text was found under."""
    auto: bool = False
    """Whether no person wrote it."""


@dataclass(frozen=True)
class Composing:
    """Fills templates and checks what a request can be checked for."""

    templates: Templates
    opens: Opens
    clock: Clock

    async def compose(self, connection: AsyncConnection, draft: Draft) -> Draft:
        """Return a draft that says all it will say; raises Invalid, NotFound or NotYet."""
        now = self.clock.now()
        _check(draft, now)
        draft = await self._worded(connection, draft)
        _check_parts(draft)
        start = max(now, draft.schedule_time or now)
        if draft.purpose is Purpose.MARKETING and self.opens(draft.peer_number, start) is None:
            raise NotYet(
                "NO_ALLOWED_HOURS",
                "the number's time zones leave no hour in which marketing may be sent to it",
            )
        return replace(draft, expire_time=draft.expire_time or _expire_time(draft, start))

    async def worded(self, connection: AsyncConnection, use: TemplateUse) -> tuple[str, str]:
        """Return the text a template makes, and the locale it was found under."""
        rendered = await self.templates.render(connection, use)
        return rendered.text, rendered.locale

    def plan(self, draft: Draft, now: datetime) -> Plan:
        """Return when a draft is to be sent, as far as it is known now."""
        release, deferral = draft.schedule_time, Deferral.UNSPECIFIED
        if release is not None and release <= now:
            release = None
        if draft.purpose is Purpose.MARKETING:
            start = release or now
            opens = self.opens(draft.peer_number, start)
            if opens is not None and opens > start:
                release, deferral = opens, Deferral.QUIET_HOURS
        return Plan(
            schedule_time=draft.schedule_time,
            release_time=release,
            deferral=deferral,
            template_id=draft.template.template_id if draft.template else "",
            template_locale=draft.template_locale,
            program=draft.program,
        )

    async def _worded(self, connection: AsyncConnection, draft: Draft) -> Draft:
        if draft.template is None:
            return draft
        text, locale = await self.worded(connection, draft.template)
        return replace(draft, text=text, template_locale=locale)


def _check(draft: Draft, now: datetime) -> None:
    bad = []
    if not (is_short_code(draft.our_number) or is_dialable(draft.our_number)):
        bad.append(FieldViolation("from_number", "is not a possible phone number"))
    if not is_dialable(draft.peer_number):
        bad.append(FieldViolation("to_number", "is not a possible phone number"))
    if draft.subject and not draft.media_urls:
        bad.append(FieldViolation("subject", "needs media_urls: only an MMS has a subject"))
    if draft.schedule_time is not None and draft.schedule_time > now + FURTHEST:
        bad.append(FieldViolation("schedule_time", f"is more than {FURTHEST.days} days ahead"))
    if bad:
        raise Invalid(bad)


def _check_parts(draft: Draft) -> None:
    # An MMS is not cut into parts; Telnyx refuses longer texts of an SMS with 40302.
    found = estimate(draft.text)
    if not draft.media_urls and found.parts > MAX_PARTS:
        field = "template" if draft.template else "text"
        said = f"takes {found.parts} parts of {found.encoding.name}, and at most {MAX_PARTS} go"
        raise Invalid([FieldViolation(field, said)])


def _expire_time(draft: Draft, start: datetime) -> datetime | None:
    if draft.valid_for is not None:
        return start + draft.valid_for
    return start + CODE_LIFE if draft.purpose is Purpose.VERIFICATION else None
