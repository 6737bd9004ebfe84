"""REST v2: what the suite asks the carrier for, answered in Telnyx's shapes.

Each operation is a plain function from a request to a reply; `server` routes to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import phonenumbers

from simulator import world
from simulator.errors import ApiError
from simulator.exchange import Exchange
from simulator.filters import fits
from simulator.legs import Call
from simulator.machine import micros
from simulator.queues import Queue

MAX_PAGE = 250


@dataclass(frozen=True)
class Request:
    """An HTTP request; `path` holds what the route took out of it, unescaped.

    A form of several parts is in `form` and its files, by name, in `files`.
    """

    path: tuple[str, ...]
    query: Mapping[str, str]
    body: bytes = b""
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object, {} when it is empty; 10015 when it is none."""
        if not self.body:
            return {}
        try:
            value = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise ApiError("10015", "The body is not JSON.") from None
        if not isinstance(value, dict):
            raise ApiError("10015", "The body is not a JSON object.")
        return value

    def filters(self) -> dict[str, str]:
        """Return filter[a][b]=v and a[b]=v as a.b: v, and filter[a]=v as a.eq: v."""
        pattern = re.compile(r"(?:filter\[(\w+)\](?:\[(\w+)\])?|(\w+_at)\[(\w+)\])")
        found = {}
        for name, value in self.query.items():
            parts = pattern.fullmatch(name)
            if parts:
                found[f"{parts[1] or parts[3]}.{parts[2] or parts[4] or 'eq'}"] = value
        return found

    def whole(self, name: str, default: int, high: int) -> int:
        """Return a query parameter between 1 and `high`; 10033 for anything else."""
        text = self.query.get(name, str(default))
        if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= high:
            raise ApiError("10033", f"{name} must lie in 1..{high}.", parameter=name)
        return int(text)


@dataclass(frozen=True)
class Reply:
    """An HTTP reply with a JSON body; None is no body."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Operation = Callable[[Exchange, Request], Reply]


def _data(value: Any, status: int = 200) -> Reply:
    return Reply(status, {"data": value})


_OK = {"result": "ok"}


def _page(request: Request, rows: Sequence[Mapping[str, Any]]) -> Reply:
    number = request.whole("page[number]", 1, 1_000_000)
    size = request.whole("page[size]", 20, MAX_PAGE)
    meta = {
        "page_number": number,
        "page_size": size,
        "total_pages": -(-len(rows) // size),
        "total_results": len(rows),
    }
    first = (number - 1) * size
    return Reply(200, {"data": list(rows[first : first + size]), "meta": meta})


def send_message(exchange: Exchange, request: Request) -> Reply:
    """POST /messages."""
    return _data(exchange.send_message(request.json()))


def get_message(exchange: Exchange, request: Request) -> Reply:
    """GET /messages/{id}."""
    message = exchange.messaging.messages.get(request.path[0])
    if message is None:
        raise ApiError("40303", f"The message with ID {request.path[0]} was not found.")
    return _data(message)


def list_opt_outs(exchange: Exchange, request: Request) -> Reply:
    """GET /messaging_optouts."""
    rows = [opt_out.resource() for opt_out in exchange.messaging.opt_outs.values()]
    return _page(request, [row for row in rows if fits(row, request.filters())])


def dial(exchange: Exchange, request: Request) -> Reply:
    """POST /calls."""
    return _data(exchange.dial(request.json()).resource(exchange.now()))


def get_call(exchange: Exchange, request: Request) -> Reply:
    """GET /calls/{call_control_id}."""
    now = exchange.now()
    return _data(exchange.board.readable(request.path[0], now).resource(now))


def call_command(exchange: Exchange, request: Request) -> Reply:
    """POST /calls/{call_control_id}/actions/{command}."""
    call_control_id, action = request.path
    if action == "client_state_update":
        raise ApiError("10030")
    exchange.command(call_control_id, action, request.json())
    return _data(_OK)


def update_client_state(exchange: Exchange, request: Request) -> Reply:
    """PUT /calls/{call_control_id}/actions/client_state_update."""
    exchange.command(request.path[0], "client_state_update", request.json())
    return _data(_OK)


def list_queues(exchange: Exchange, request: Request) -> Reply:
    """GET /queues."""
    return _page(request, [queue.resource() for queue in exchange.board.queues.values()])


def get_queue(exchange: Exchange, request: Request) -> Reply:
    """GET /queues/{queue_name}."""
    return _data(_queue(exchange, request).resource())


def list_queue_calls(exchange: Exchange, request: Request) -> Reply:
    """GET /queues/{queue_name}/calls."""
    queue = _queue(exchange, request)
    calls = [exchange.board.calls[place.call_control_id] for place in queue.waiting]
    return _page(request, [_queue_call(exchange, queue, call) for call in calls])


def _queue(exchange: Exchange, request: Request) -> Queue:
    try:
        return exchange.board.queues[request.path[0]]
    except KeyError:
        raise ApiError("10005") from None


def _queue_call(exchange: Exchange, queue: Queue, call: Call) -> dict[str, Any]:
    since = queue.since(call.call_control_id)
    position = [place.call_control_id for place in queue.waiting].index(call.call_control_id) + 1
    return {
        "record_type": "queue_call",
        "call_control_id": call.call_control_id,
        "call_leg_id": call.call_leg_id,
        "call_session_id": call.call_session_id,
        "connection_id": call.connection_id,
        "from": call.from_number,
        "to": call.to_number,
        "enqueued_at": micros(since),
        "wait_time_secs": int((exchange.now() - since).total_seconds()),
        "queue_position": position,
        "queue_id": queue.queue_id,
        "is_alive": call.alive,
    }


def list_recordings(exchange: Exchange, request: Request) -> Reply:
    """GET /recordings."""
    now, recorder = exchange.now(), exchange.board.recorder
    rows = [recorder.resource(saved, now) for saved in recorder.saved.values()]
    return _page(request, [row for row in rows if fits(row, request.filters())])


def get_recording(exchange: Exchange, request: Request) -> Reply:
    """GET /recordings/{id}."""
    recorder = exchange.board.recorder
    saved = recorder.saved.get(request.path[0])
    if saved is None:
        raise ApiError("10005")
    return _data(recorder.resource(saved, exchange.now()))


def send_fax(exchange: Exchange, request: Request) -> Reply:
    """POST /faxes, as JSON or as a form with the document in `contents`."""
    if request.files or request.form:
        fields = {name: _BOOLEANS.get(value, value) for name, value in request.form.items()}
        contents = request.files.get("contents", b"")
        return _data(exchange.send_fax(fields, contents).resource(), 202)
    return _data(exchange.send_fax(request.json()).resource(), 202)


_BOOLEANS: Mapping[str, Any] = {"true": True, "false": False}


def list_faxes(exchange: Exchange, request: Request) -> Reply:
    """GET /faxes."""
    return _page(
        request, [fax.resource() for fax in exchange.fax_machine.listed(request.filters())]
    )


def get_fax(exchange: Exchange, request: Request) -> Reply:
    """GET /faxes/{id}."""
    return _data(exchange.fax_machine.find(request.path[0]).resource())


def cancel_fax(exchange: Exchange, request: Request) -> Reply:
    """POST /faxes/{id}/actions/cancel."""
    exchange.cancel_fax(request.path[0])
    return _data(_OK, 202)


def refresh_fax(exchange: Exchange, request: Request) -> Reply:
    """POST /faxes/{id}/actions/refresh."""
    exchange.refresh_fax(request.path[0])
    return _data(_OK)


def look_up(exchange: Exchange, request: Request) -> Reply:
    """GET /number_lookup/{phone_number}."""
    try:
        number = phonenumbers.parse(request.path[0])
    except phonenumbers.NumberParseException:
        raise ApiError("10002", pointer="/phone_number") from None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    who, kind = world.person(e164), request.query.get("type", "")
    if kind not in ("", "carrier", "caller-name"):
        raise ApiError("10032", parameter="type")
    exchange.journal.write("number.looked_up", {"number": e164, "type": kind})
    national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    found: dict[str, Any] = {
        "record_type": "number_lookup",
        "phone_number": e164,
        "country_code": phonenumbers.region_code_for_country_code(number.country_code or 0),
        "national_format": national,
        "fraud": None,
    }
    if kind == "carrier":
        found["carrier"] = {
            "name": who.carrier,
            "normalized_carrier": who.carrier,
            "type": "mobile",
            "mobile_country_code": "310",
            "mobile_network_code": "001",
            "error_code": None,
        }
        found["portability"] = {"line_type": "mobile", "ported_status": "N", "ported_date": ""}
    if kind == "caller-name":
        found["caller_name"] = {"caller_name": who.name}
        if not who.name:
            found["caller_name"]["error_code"] = "10005"
    return _data(found)


def list_deliveries(exchange: Exchange, request: Request) -> Reply:
    """GET /webhook_deliveries: the events whose fate is known, the latest first."""
    wanted = request.filters()
    rows = [
        each.resource()
        for each in reversed(exchange.webhooks.deliveries)
        if each.status
        and fits({"event_type": each.data.get("event_type")} | each.resource(), wanted)
    ]
    return _page(request, rows)


def get_delivery(exchange: Exchange, request: Request) -> Reply:
    """GET /webhook_deliveries/{id}."""
    for delivery in exchange.webhooks.deliveries:
        if delivery.delivery_id == request.path[0] and delivery.status:
            return _data(delivery.resource())
    raise ApiError("10005")


ROUTES: Sequence[tuple[str, Mapping[str, Operation]]] = (
    (r"/v2/messages", {"POST": send_message}),
    (r"/v2/messages/([^/]+)", {"GET": get_message}),
    (r"/v2/messaging_optouts", {"GET": list_opt_outs}),
    (r"/v2/calls", {"POST": dial}),
    (r"/v2/calls/([^/]+)", {"GET": get_call}),
    (r"/v2/calls/([^/]+)/actions/client_state_update", {"PUT": update_client_state}),
    (r"/v2/calls/([^/]+)/actions/(\w+)", {"POST": call_command}),
    (r"/v2/queues", {"GET": list_queues}),
    (r"/v2/queues/([^/]+)", {"GET": get_queue}),
    (r"/v2/queues/([^/]+)/calls", {"GET": list_queue_calls}),
    (r"/v2/recordings", {"GET": list_recordings}),
    (r"/v2/recordings/([^/]+)", {"GET": get_recording}),
    (r"/v2/faxes", {"GET": list_faxes, "POST": send_fax}),
    (r"/v2/faxes/([^/]+)", {"GET": get_fax}),
    (r"/v2/faxes/([^/]+)/actions/cancel", {"POST": cancel_fax}),
    (r"/v2/faxes/([^/]+)/actions/refresh", {"POST": refresh_fax}),
    (r"/v2/number_lookup/([^/]+)", {"GET": look_up}),
    (r"/v2/webhook_deliveries", {"GET": list_deliveries}),
    (r"/v2/webhook_deliveries/([^/]+)", {"GET": get_delivery}),
)
"""Each path and its operations by HTTP method."""
