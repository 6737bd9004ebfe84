"""What `POST /texml/<app>` and `POST /texml/<app>/<step>` answer: a document, always in time.

A caller hears silence until we answer. So the request is kept as an event while voice is asked for
the document; when voice is late or away, a document of our own ends the call politely. Who waits in
a queue keeps waiting, and a report of progress, to which nobody listens, is answered with an empty
document.
"""

import asyncio
import re
import time
from collections.abc import Mapping
from typing import Protocol

from carrier import texml
from carrier.forms import FormError, parse_form
from carrier.signature import Rejected
from chassis.errors import Fault
from chassis.logs import get_logger
from services.gateway.acceptance import Acceptance
from services.gateway.edge import Incoming, Reply, Route
from services.gateway.metrics import Metrics
from services.gateway.webhooks import rejection, signed, tell, unkept

log = get_logger(__name__)

_NAME = "[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
_PATH = re.compile(rf"/texml/(?P<app>{_NAME})(?:/(?P<step>[A-Za-z0-9][A-Za-z0-9_.-]{{0,63}}))?")
"""The application, and what voice has put behind it to know its own question again."""

APOLOGY = texml.document(
    texml.say("We are sorry, we cannot take your call right now. Please try again later."),
    texml.hangup(),
)
NOTHING = texml.document()
WAIT = texml.document(texml.pause(2))
"""For a caller in a queue, who would lose the place by an apology: the leg asks again after it."""


class Documents(Protocol):
    """Who writes TeXML documents: voice."""

    async def answer(
        self, app: str, parameters: Mapping[str, str], event_id: str, step: str = ""
    ) -> str:
        """Return the document in time; raise Fault when there is none."""
        ...


class Texml:
    """Answer TeXML requests."""

    def __init__(self, acceptance: Acceptance, documents: Documents, metrics: Metrics) -> None:
        """Keep requests through `acceptance` and have `documents` write the answers."""
        self._acceptance = acceptance
        self._documents = documents
        self._metrics = metrics

    @property
    def route(self) -> Route:
        """Where TeXML requests come in."""
        types = re.compile(r"|application/x-www-form-urlencoded\s*(;.*)?")
        return Route("texml", _PATH, types, self.handle)

    async def handle(self, incoming: Incoming) -> Reply:
        """Return the document for one request.

        503 when the request could not be kept: the carrier then asks the fallback URL, which is
        another gateway.
        """
        started = time.perf_counter()
        app, step = _where(incoming.path)
        try:
            event = self._acceptance.texml(app, signed(incoming))
            parameters = _parameters(incoming.body)
            where, document = await asyncio.gather(
                self._acceptance.keep(event), self._document(app, parameters, event.event_id, step)
            )
        except Rejected as rejected:
            return rejection(incoming, rejected)
        except Fault as fault:
            return unkept(fault, "texml")
        tell("texml.answered", event, where, started)
        return Reply(200, "accepted", document, "application/xml; charset=utf-8")

    async def _document(
        self, app: str, parameters: Mapping[str, str], event_id: str, step: str
    ) -> bytes:
        try:
            document = await self._documents.answer(app, parameters, event_id, step)
        except Exception as error:  # whatever it was, a caller is waiting
            reason = error.reason if isinstance(error, Fault) else type(error).__name__
            log.warning("texml.unanswered", event_id=event_id, reason=reason)
            self._metrics.documented("gateway")
            return fallback(parameters)
        self._metrics.documented("voice")
        return document.encode()


def fallback(parameters: Mapping[str, str]) -> bytes:
    """Return what a request is answered without voice.

    A waiting caller's leg tells the place in the queue, and asks again by itself. Source: Telnyx,
    TeXML queue callbacks.
    """
    if "CallbackSource" in parameters:
        return NOTHING
    waits = "QueuePosition" in parameters and "QueueResult" not in parameters
    return WAIT if waits else APOLOGY


def _where(path: str) -> tuple[str, str]:
    """Return the application and the step of a path that the route has let through."""
    found = _PATH.fullmatch(path.partition("?")[0])
    return (found["app"], found["step"] or "") if found else ("", "")


def _parameters(form: bytes) -> dict[str, str]:
    """Return the form's fields; nothing when it is not a form."""
    try:
        return parse_form(form).fields
    except FormError:
        return {}
