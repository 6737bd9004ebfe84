"""Text messages both ways, and Telnyx's own answer to STOP, START and HELP, without I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from simulator import checks, world
from simulator.errors import ApiError
from simulator.machine import Action, After, Emit, Note, Timer, millis
from simulator.phones import Phones
from simulator.segments import MAX_PARTS, segments

_KEYWORDS = dict.fromkeys(
    ("STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"), "STOP"
) | {"START": "START", "UNSTOP": "START", "HELP": "HELP"}

_REPLIES = {
    "STOP": "You have been unsubscribed and will receive no more messages. Reply START to return.",
    "START": "You have been subscribed again. Reply STOP to end, HELP for help.",
    "HELP": "For help, write to help@example.com. Reply STOP to end.",
}

_SENT_AFTER = 0.2
_FINAL_AFTER = 0.8

_FATES: dict[str, tuple[str, list[dict[str, str]]]] = {
    "deliver": ("delivered", []),
    "unconfirmed": ("delivery_unconfirmed", []),
    "undeliverable": (
        "delivery_failed",
        [
            {
                "code": "40008",
                "title": "Undeliverable",
                "detail": "The recipient carrier did not accept the message.",
            }
        ],
    ),
}


def keyword(text: str | None) -> str:
    """Return STOP, START or HELP when the whole message is such a word, else nothing.

    Only whole messages count: "please stop" is no keyword (Telnyx: opt-in and opt-out keywords).
    """
    return _KEYWORDS.get((text or "").strip().upper(), "")


@dataclass(frozen=True)
class OptOut:
    """A subscriber who may not be texted from a profile."""

    sender: str
    subscriber: str
    word: str
    created_at: datetime

    def resource(self) -> dict[str, Any]:
        """Return the row of GET /messaging_optouts."""
        return {
            "from": self.sender,
            "to": self.subscriber,
            "keyword": self.word,
            "messaging_profile_id": world.MESSAGING_PROFILE_ID,
            "created_at": millis(self.created_at),
        }


@dataclass
class Messaging:
    """The account's one messaging profile: its messages and its opt-outs.

    With `autoresponder` Telnyx handles the keywords itself: it replies, marks the webhook with
    autoresponse_type and blocks or unblocks the subscriber. Without, a keyword is a text like any
    other and only a block made by hand refuses a message.
    """

    new_id: Callable[[], str]
    phones: Phones
    webhook_url: str
    failover_url: str
    autoresponder: bool = True
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    opt_outs: dict[str, OptOut] = field(default_factory=dict)

    def send(self, body: checks.Body, now: datetime) -> tuple[dict[str, Any], list[Action]]:
        """Accept POST /messages, or raise the ApiError Telnyx answers with."""
        sender, to = _checked_parties(body)
        content = _checked_content(body)
        if to in self.opt_outs:
            raise ApiError("40300", f"Messages cannot be sent from {sender} to {to}.")
        message = self._outbound(sender, to, content, body, now)
        self.messages[message["id"]] = message
        facts = {key: message[key] for key in ("id", "text", "type", "parts")}
        note = Note("message.accepted", {"from": sender, "to": to} | facts)
        return message, [note, After(_SENT_AFTER, Timer("sent", message["id"]))]

    def _outbound(
        self, sender: str, to: str, content: dict[str, Any], body: checks.Body, now: datetime
    ) -> dict[str, Any]:
        message = self._message("outbound", content, now)
        message["from"] = {"phone_number": sender, "carrier": "Telnyx", "line_type": "VoIP"}
        message["to"] = [_party(to, "queued")]
        message["valid_until"] = millis(now + timedelta(hours=4))
        message["webhook_url"] = checks.text(body, "webhook_url") or self.webhook_url
        failover = checks.text(body, "webhook_failover_url") or self.failover_url
        message["webhook_failover_url"] = failover or None
        return message

    def arrive(
        self,
        sender: str,
        to: str,
        text: str | None,
        now: datetime,
        media: Sequence[dict[str, Any]] = (),
        subject: str | None = None,
    ) -> tuple[dict[str, Any], list[Action]]:
        """Let a phone text us; returns the message and what follows."""
        content = {"text": text, "media": list(media), "subject": subject}
        message = self._message("inbound", content, now)
        message["from"] = _party(sender, "received")
        message["to"] = [
            {
                "phone_number": to,
                "carrier": "Telnyx",
                "line_type": "VoIP",
                "status": "webhook_delivered",
            }
        ]
        message["webhook_url"] = self.webhook_url
        message["webhook_failover_url"] = self.failover_url or None
        if message["text"] is None:
            del message["text"]
        self.messages[message["id"]] = message
        word = keyword(text) if self.autoresponder else ""
        answered = self._answer_keyword(word, sender, to, (text or "").strip().upper(), now)
        message["autoresponse_type"] = word or None
        return message, [_event("message.received", message, now), *answered]

    def _answer_keyword(
        self, word: str, subscriber: str, sender: str, spelled: str, now: datetime
    ) -> list[Action]:
        if not word:
            return []
        if word == "STOP":
            self.block(sender, subscriber, spelled, now)
        elif word == "START":
            self.opt_outs.pop(subscriber, None)
        self._deliver(subscriber, sender, _REPLIES[word], [], now)
        facts = {"from": sender, "to": subscriber, "type": word, "text": _REPLIES[word]}
        return [Note("autoresponder.replied", facts)]

    def block(self, sender: str, subscriber: str, word: str, now: datetime) -> None:
        """Refuse further messages to a subscriber, from all numbers of the profile."""
        self.opt_outs[subscriber] = OptOut(sender, subscriber, word, now)

    def expire(self, timer: Timer, now: datetime) -> list[Action]:
        """Take an outbound message one step on: sent to the carrier, then final."""
        message = self.messages.get(timer.subject)
        if message is None:
            return []
        to = message["to"][0]
        if timer.kind == "sent":
            to["status"], message["sent_at"] = "sent", millis(now)
            follow = After(_FINAL_AFTER, Timer("final", message["id"]))
            return [_event("message.sent", message, now), follow]
        to["status"], message["errors"] = _FATES[self.phones.get(to["phone_number"]).texts]
        message["completed_at"], message["valid_until"] = millis(now), None
        if to["status"] != "delivery_failed":
            sender = message["from"]["phone_number"]
            media = [item["url"] for item in message["media"]]
            self._deliver(to["phone_number"], sender, message.get("text", ""), media, now)
        return [_event("message.finalized", message, now)]

    def _deliver(self, phone: str, sender: str, text: str, media: list[str], now: datetime) -> None:
        line = {"from": sender, "text": text, "media": media, "time": millis(now)}
        self.phones.get(phone).inbox.append(line)

    def _message(self, direction: str, content: dict[str, Any], now: datetime) -> dict[str, Any]:
        counted = segments(content.get("text") or "")
        return {
            "record_type": "message",
            "direction": direction,
            "id": self.new_id(),
            "type": "MMS" if content["media"] or content["subject"] else "SMS",
            "messaging_profile_id": world.MESSAGING_PROFILE_ID,
            "organization_id": world.ORGANIZATION_ID,
            "cc": [],
            "text": content["text"],
            "subject": content["subject"],
            "media": content["media"],
            "encoding": counted.encoding,
            "num_chars": counted.units,
            "parts": counted.parts,
            "tags": [],
            "cost": {"amount": "0.0051", "currency": "USD"},
            "cost_breakdown": None,
            "tcr_campaign_id": None,
            "tcr_campaign_billable": False,
            "tcr_campaign_registered": None,
            "errors": [],
            "received_at": millis(now),
            "sent_at": None,
            "completed_at": None,
            "valid_until": None,
        }


def _party(number: str, status: str) -> dict[str, Any]:
    who = world.person(number)
    return {
        "phone_number": number,
        "carrier": who.carrier,
        "line_type": who.line_type,
        "status": status,
    }


def _event(event_type: str, message: dict[str, Any], now: datetime) -> Emit:
    payload = message | {"to": [dict(party) for party in message["to"]]}
    return Emit(
        event_type,
        payload,
        millis(now),
        webhook_url=message["webhook_url"],
        failover_url=message["webhook_failover_url"] or "",
    )


def _checked_parties(body: checks.Body) -> tuple[str, str]:
    to = checks.text(body, "to", required=True)
    if not checks.is_e164(to):
        raise ApiError("40310", pointer="/to")
    sender = checks.text(body, "from")
    if sender != world.MESSAGING_NUMBER:
        raise ApiError("40305", pointer="/from")
    return sender, to


def _checked_content(body: checks.Body) -> dict[str, Any]:
    text, urls = checks.text(body, "text"), body.get("media_urls") or []
    subject = checks.text(body, "subject") or None
    if body.get("send_at"):
        raise ApiError("10038", "The simulator sends at once.", pointer="/send_at")
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise ApiError("10026", "'media_urls' must be strings.", pointer="/media_urls")
    if not text and not urls:
        raise ApiError("40316")
    if subject and not urls:
        raise ApiError("40304")
    if len(urls) > 10:
        raise ApiError("40317", pointer="/media_urls")
    counted = segments(text)
    if checks.one_of(body, "encoding", ("auto", "gsm7", "ucs2")) == "gsm7" and (
        counted.encoding != "GSM-7"
    ):
        raise ApiError("10015", "The text does not fit into GSM-7.", pointer="/encoding")
    if counted.parts > MAX_PARTS:
        raise ApiError("40302", f"The message would be divided into {counted.parts} parts.")
    media = [{"url": url, "content_type": None, "size": None, "sha256": None} for url in urls]
    return {"text": text, "media": media, "subject": subject}
