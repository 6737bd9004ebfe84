"""The carrier: the state machines with a clock, a journal and webhooks around them."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import aiohttp

from simulator import checks, documents, world
from simulator.calls import Switchboard
from simulator.clockwork import Clockwork
from simulator.commands import Commands
from simulator.faults import Faults
from simulator.faxes import Fax, FaxMachine
from simulator.idempotency import IdempotencyKeys
from simulator.journal import Journal
from simulator.legs import Call
from simulator.machine import Action, After, Emit, Note, Timer
from simulator.media import FAXES, MMS, RECORDINGS, Media
from simulator.messages import Messaging
from simulator.phones import Phones
from simulator.recordings import Recorder
from simulator.scripts import Script
from simulator.settings import Settings
from simulator.texml import Texml
from simulator.texml_client import TexmlCall
from simulator.texml_switch import TexmlSwitch
from simulator.webhooks import Webhooks

Expire = Callable[[Timer, datetime], Sequence[Action]]


def new_id() -> str:
    """Return a fresh id, as Telnyx gives events, messages and faxes."""
    return str(uuid.uuid4())


def new_token() -> str:
    """Return a fresh opaque id, as Telnyx gives calls."""
    return secrets.token_urlsafe(24)


class Exchange:
    """Everything the carrier knows and does; `rest` and `control` are the doors to it."""

    def __init__(self, settings: Settings, session: aiohttp.ClientSession) -> None:
        self.settings = settings
        self.faults = Faults(settings.seed)
        self.journal = Journal(self.now)
        self.webhooks = Webhooks(settings, session, self.faults, self.now, new_id)
        self.texml = Texml(settings, session, self.journal, self.now, TexmlSwitch(self))
        self.media = Media(new_id, bytes(settings.signing_key()))
        self._timers: set[asyncio.TimerHandle] = set()
        self._relief = asyncio.Event()
        self._empty()

    def _empty(self) -> None:
        self.phones = Phones()
        self.keys = IdempotencyKeys()
        recorder = Recorder(self._store_recording, self.media.signed_url)
        self.board = Switchboard(new_id, new_token, recorder)
        self.clockwork = Clockwork(self.board)
        self._commands = Commands(self.board, self.phones)
        self.fax_machine = FaxMachine(new_id, self.media.signed_url, self.phones)
        self.messaging = Messaging(
            new_id,
            self.phones,
            self.settings.webhook_url,
            self.settings.failover_url,
            self.settings.autoresponder,
        )

    def _store_recording(self, name: str, content_type: str, content: bytes) -> str:
        return self.media.store(name, content_type, content, folder=RECORDINGS).media_id

    def now(self) -> datetime:
        """Return the time of the simulated world, which is ours."""
        return datetime.now(UTC)

    async def dawdle(self, seconds: float) -> None:
        """Take so long, or until the faults are cleared."""
        try:
            await asyncio.wait_for(self._relief.wait(), seconds)
        except TimeoutError:
            return

    def clear_faults(self) -> None:
        """Let nothing more go wrong, and end what takes long at once."""
        self.faults.reset()
        self._relief.set()
        self._relief = asyncio.Event()

    def reset(self) -> None:
        """Begin anew: no calls, messages, faxes, faults, deliveries; the journal counts on."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self.webhooks.forget()
        self.texml.forget()
        self.clear_faults()
        self._empty()

    async def close(self) -> None:
        """Stop everything that is under way."""
        self.reset()
        self.journal.wake()
        await self.webhooks.close()
        await self.texml.close()

    def perform(self, actions: Sequence[Action], expire: Expire) -> None:
        """Make happen what a state machine asks for; `expire` is told when its timers strike."""
        for action in actions:
            match action:
                case Emit():
                    self._emit(action)
                case Note():
                    call_control_id = str(action.facts.get("call_control_id", ""))
                    self.texml.happened(call_control_id, action.kind, "")
                    self.journal.write(action.kind, action.facts)
                case After():
                    self._schedule(action, expire)

    def _emit(self, event: Emit) -> None:
        """Send a webhook; about a TeXML call nothing is sent, its documents are told."""
        call_control_id = str(event.payload.get("call_control_id", ""))
        reason = str(event.payload.get("reason", ""))
        if not self.texml.happened(call_control_id, event.event_type, reason):
            self.webhooks.send(
                event.event_type,
                event.payload,
                event.occurred_at,
                webhook_url=event.webhook_url,
                failover_url=event.failover_url,
            )

    def _schedule(self, action: After, expire: Expire) -> None:
        def strike() -> None:
            self._timers.discard(handle)
            self.perform(expire(action.timer, self.now()), expire)

        delay = action.seconds * self.settings.scale(asked=action.asked)
        handle = asyncio.get_running_loop().call_later(delay, strike)
        self._timers.add(handle)

    # What the suite asks for.

    def send_message(self, body: checks.Body) -> dict[str, Any]:
        """Accept an outbound message."""
        message, actions = self.messaging.send(body, self.now())
        self.perform(actions, self.messaging.expire)
        return message

    def dial(self, body: checks.Body) -> Call:
        """Place an outbound call."""
        phone = self.phones.get(str(body.get("to", "")))
        call, actions = self.board.dial(body, self.now(), phone)
        self.perform(actions, self.clockwork.expire)
        return call

    def command(self, call_control_id: str, action: str, body: checks.Body) -> None:
        """Apply a call command."""
        actions = self._commands.perform(call_control_id, action, body, self.now())
        self.perform(actions, self.clockwork.expire)

    def send_fax(self, body: checks.Body, contents: bytes = b"") -> Fax:
        """Accept an outbound fax; `contents` is its document when it came with the request."""
        fax, actions = self.fax_machine.send(body, self.now(), contents)
        self.perform(actions, self.fax_machine.expire)
        return fax

    def cancel_fax(self, fax_id: str) -> None:
        """Stop an outbound fax."""
        self.perform(self.fax_machine.cancel(fax_id, self.now()), self.fax_machine.expire)

    def refresh_fax(self, fax_id: str) -> None:
        """Make a new link to an inbound fax."""
        self.perform(self.fax_machine.refresh(fax_id, self.now()), self.fax_machine.expire)

    # What people out there do.

    def text(
        self,
        sender: str,
        to: str,
        text: str | None,
        media: Sequence[tuple[str, str, bytes]] = (),
        subject: str | None = None,
    ) -> dict[str, Any]:
        """Text us from a phone; `media` is name, content type and content of each file."""
        files = [self.media.store(*item, folder=MMS) for item in media]
        attached = [self.media.attachment(file, self.now()) for file in files]
        message, actions = self.messaging.arrive(sender, to, text, self.now(), attached, subject)
        self.perform(actions, self.messaging.expire)
        return message

    def call(
        self, caller: str, to: str, name: str, script: Script, attributes: Mapping[str, Any]
    ) -> Call:
        """Call us from a phone; `attributes` are further fields of call.initiated."""
        call, actions = self.board.ring(
            caller=caller,
            to=to,
            connection_id=world.VOICE_CONNECTION_ID,
            now=self.now(),
            name=name,
            script=script,
            attributes=attributes,
        )
        self.perform(actions, self.clockwork.expire)
        return call

    def call_texml(self, caller: str, to: str, script: Script) -> TexmlCall:
        """Call our TeXML number, which answers at once (Telnyx: instruction fetching)."""
        now = self.now()
        leg, actions = self.board.ring(
            caller=caller, to=to, connection_id=world.TEXML_CONNECTION_ID, now=now, script=script
        )
        leg.by_texml = leg.parks = True
        call = self.texml.ring(leg)
        self.perform([*actions, *self.board.answer(leg, now)], self.clockwork.expire)
        return call

    def hang_up(self, call: Call) -> None:
        """Let the person at the other end hang up."""
        self.perform(self.board.caller_hangs_up(call, self.now()), self.clockwork.expire)

    def press(self, call: Call, digits: str) -> None:
        """Let the person at the other end press keys."""
        self._act(call, "press", digits)

    def say(self, call: Call, words: str) -> None:
        """Let the person at the other end say something."""
        self._act(call, "words", words)

    def _act(self, call: Call, kind: str, what: str) -> None:
        timer = Timer(kind, call.call_control_id, what)
        self.perform(self.clockwork.expire(timer, self.now()), self.clockwork.expire)

    def fax(self, sender: str, to: str, pages: int, kind: str, facts: Mapping[str, Any]) -> Fax:
        """Fax us a document of so many pages, as pdf or tiff."""
        content = (
            documents.pdf(pages, f"Fax from {sender}") if kind == "pdf" else documents.tiff(pages)
        )
        mime = "application/pdf" if kind == "pdf" else "image/tiff"
        file = self.media.store(f"fax.{kind}", mime, content, folder=FAXES)
        fax, actions = self.fax_machine.arrive(
            sender, to, self.now(), media_id=file.media_id, pages=pages, **facts
        )
        self.perform(actions, self.fax_machine.expire)
        return fax
