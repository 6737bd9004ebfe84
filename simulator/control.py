"""The control API: virtual phones, faults on demand and a view of what happened.

For development only: `server` lets nobody in but this machine. A wrong request gets 400 and
{"error": "..."}.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from simulator import checks, control_calls, documents, faults, fax_outcomes, world
from simulator.control_calls import ControlOperation
from simulator.exchange import Exchange, new_id
from simulator.machine import micros
from simulator.rest import Reply, Request
from simulator.webhooks import FORGERIES

MAX_WAIT = 30.0

_PICTURES: Mapping[str, tuple[str, str, bytes]] = {
    "png": ("photo.png", "image/png", documents.png()),
    "vcard": ("card.vcf", "text/vcard", documents.vcard(world.ADA.name, world.ADA.number)),
}


async def text_us(exchange: Exchange, request: Request) -> Reply:
    """POST /_sim/sms: from, to, text, subject, media.

    Each of `media` is png, vcard or an object of name, content_type and base64. The reply has the
    ids of the files, and that of the first by itself.
    """
    body = request.json()
    text = None if body.get("text") is None else checks.text(body, "text")
    listed = body.get("media") or []
    if not isinstance(listed, list):
        raise ValueError("media must be a list")
    media = [_file(item) for item in listed]
    if text is None and not media:
        raise ValueError("give text or media")
    subject = checks.text(body, "subject") or None
    to = checks.text(body, "to", default=world.MESSAGING_NUMBER)
    message = exchange.text(checks.phone_number(body, "from"), to, text, media, subject)
    ids = [exchange.media.id_of(item["url"]) for item in message["media"]]
    shown = {"message_id": message["id"], "autoresponse_type": message["autoresponse_type"]}
    return Reply(200, shown | {"media_ids": ids, "media_id": ids[0] if ids else ""})


def _file(item: Any) -> tuple[str, str, bytes]:
    if isinstance(item, str) and item in _PICTURES:
        return _PICTURES[item]
    if not isinstance(item, dict):
        raise ValueError(f"media must be {' or '.join(_PICTURES)} or an object")
    try:
        content = base64.b64decode(checks.text(item, "base64", required=True), validate=True)
    except binascii.Error:
        raise ValueError("media.base64 is not base64") from None
    mime = checks.text(item, "content_type", default="application/octet-stream")
    return checks.text(item, "name", default="file.bin").rsplit("/", 1)[-1], mime, content


async def fax_us(exchange: Exchange, request: Request) -> Reply:
    """POST /_sim/fax: from, to, pages, kind (pdf, tiff), failure (a failure_reason), partial."""
    body = request.json()
    kind = checks.one_of(body, "kind", ("pdf", "tiff")) or "pdf"
    facts = {"failure": checks.text(body, "failure"), "partial": body.get("partial") is True}
    to = checks.text(body, "to", default=world.FAX_NUMBER)
    pages = checks.whole(body, "pages", 1, 1, 350)
    fax = exchange.fax(checks.phone_number(body, "from"), to, pages, kind, facts)
    return Reply(200, {"fax_id": fax.fax_id, "media_id": fax.media_id})


async def teach_fax_machine(exchange: Exchange, request: Request) -> Reply:
    """POST /_sim/fax_machines/{number}: outcomes, one for each fax it is sent from now on.

    An outcome is delivered, a failure_reason, or an object of failure and pages (sent before it
    broke off). When they are used up the machine does what its phone is told.
    """
    outcomes = fax_outcomes.parse(request.json().get("outcomes"))
    exchange.fax_machine.outcomes[request.path[0]] = outcomes
    return Reply(200, {"outcomes": [outcome.resource() for outcome in outcomes]})


async def raw_event(exchange: Exchange, request: Request) -> Reply:
    """POST /_sim/event: event_type and payload, or data, or body (text sent as it is); forge."""
    body = request.json()
    if "body" in body:
        exchange.webhooks.send_body(checks.text(body, "body", required=True).encode())
        return Reply(200, {"event_id": ""})
    data = body.get("data")
    if data is None:
        data = {
            "record_type": "event",
            "event_type": checks.text(body, "event_type", required=True),
            "id": checks.text(body, "id") or new_id(),
            "occurred_at": checks.text(body, "occurred_at") or micros(exchange.now()),
            "payload": body.get("payload", {}),
        }
    if not isinstance(data, dict):
        raise ValueError("data must be an object")
    forgery = checks.one_of(body, "forge", FORGERIES)
    if forgery:
        return Reply(200, {"event_id": exchange.webhooks.forge(data, forgery)})
    return Reply(200, {"event_id": exchange.webhooks.send_data(data)})


async def add_fault(exchange: Exchange, request: Request) -> Reply:
    """POST /_sim/faults: see simulator.faults.Fault."""
    exchange.faults.add(faults.parse(request.json()))
    return await list_faults(exchange, request)


async def list_faults(exchange: Exchange, request: Request) -> Reply:
    """GET /_sim/faults: those still waiting to strike."""
    del request
    return Reply(200, {"faults": exchange.faults.listed()})


async def clear_faults(exchange: Exchange, request: Request) -> Reply:
    """DELETE /_sim/faults: none is left, and slow requests go on at once."""
    exchange.clear_faults()
    return await list_faults(exchange, request)


async def change_profile(exchange: Exchange, request: Request) -> Reply:
    """POST /_sim/profile: autoresponder (true or false)."""
    switch = request.json().get("autoresponder")
    if not isinstance(switch, bool):
        raise ValueError("autoresponder must be true or false")
    exchange.messaging.autoresponder = switch
    return Reply(200, {"autoresponder": switch})


async def change_block(exchange: Exchange, request: Request) -> Reply:
    """POST /_sim/blocks: number, blocked (true or false). An opt-out made by hand."""
    body = request.json()
    number = checks.phone_number(body, "number")
    if body.get("blocked", True):
        exchange.messaging.block(world.MESSAGING_NUMBER, number, "STOP", exchange.now())
    else:
        exchange.messaging.opt_outs.pop(number, None)
    return Reply(200, {"blocked": sorted(exchange.messaging.opt_outs)})


async def change_phone(exchange: Exchange, request: Request) -> Reply:
    """POST /_sim/phones/{number}: calls, answer_after, texts, faxes; see scripts.parse.

    `calls` is a habit or a list of them, one for each time it rings. `faxes` is empty or a
    failure_reason.
    """
    phone = exchange.phones.get(request.path[0])
    phone.change(request.json())
    return Reply(200, phone.resource())


async def inbox(exchange: Exchange, request: Request) -> Reply:
    """GET /_sim/phones/{number}/inbox: the texts a phone has received, oldest first."""
    return Reply(200, {"messages": exchange.phones.get(request.path[0]).inbox})


async def effects(exchange: Exchange, request: Request) -> Reply:
    """GET /_sim/effects: after a number, in order; `wait` seconds for one when there is none."""
    after, wait = _number(request, "after"), min(_number(request, "wait"), MAX_WAIT)
    found = await exchange.journal.wait_after(int(after), wait)
    return Reply(200, {"effects": [e.resource() for e in found], "last": exchange.journal.last})


async def deliveries(exchange: Exchange, request: Request) -> Reply:
    """GET /_sim/deliveries: webhook attempts after a number; `pending` events are on their way."""
    after, event_id = int(_number(request, "after")), request.query.get("event_id")
    shown = [
        attempt.resource()
        for attempt in exchange.webhooks.attempts
        if attempt.number > after and event_id in (None, attempt.event_id)
    ]
    last, pending = exchange.webhooks.last_attempt, exchange.webhooks.pending()
    return Reply(200, {"attempts": shown, "last": last, "pending": pending})


async def reset(exchange: Exchange, request: Request) -> Reply:
    """POST /_sim/reset: begin anew; the journal's numbers go on."""
    del request
    exchange.reset()
    return Reply(200, {"last": exchange.journal.last})


async def public_key(exchange: Exchange, request: Request) -> Reply:
    """GET /_sim/public_key: what TELNYX_PUBLIC_KEY must be to believe these webhooks."""
    del request
    return Reply(200, {"public_key": exchange.settings.public_key()})


def _number(request: Request, name: str) -> float:
    try:
        return max(0.0, float(request.query.get(name) or 0))
    except ValueError:
        raise ValueError(f"{name} must be a number") from None


ROUTES: Sequence[tuple[str, Mapping[str, ControlOperation]]] = (
    *control_calls.ROUTES,
    (r"/_sim/sms", {"POST": text_us}),
    (r"/_sim/fax", {"POST": fax_us}),
    (r"/_sim/fax_machines/([^/]+)", {"POST": teach_fax_machine}),
    (r"/_sim/event", {"POST": raw_event}),
    (r"/_sim/faults", {"GET": list_faults, "POST": add_fault, "DELETE": clear_faults}),
    (r"/_sim/profile", {"POST": change_profile}),
    (r"/_sim/blocks", {"POST": change_block}),
    (r"/_sim/phones/([^/]+)", {"POST": change_phone}),
    (r"/_sim/phones/([^/]+)/inbox", {"GET": inbox}),
    (r"/_sim/effects", {"GET": effects}),
    (r"/_sim/deliveries", {"GET": deliveries}),
    (r"/_sim/reset", {"POST": reset}),
    (r"/_sim/public_key", {"GET": public_key}),
)
"""Each path and its operations by HTTP method."""
