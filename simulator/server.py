"""The HTTP side: REST v2, the control API, files and the page, on one Tornado server."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import orjson
from tornado.web import Application, HTTPError, RequestHandler

from simulator import control, page, rest
from simulator.errors import ApiError
from simulator.exchange import Exchange
from simulator.faults import AFTER, BEFORE
from simulator.idempotency import Claim, Stored
from simulator.rest import Reply, Request

_LOOPBACK = ("127.0.0.1", "::1")
_LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")


class _Handler(RequestHandler):
    """What every handler here shares: the exchange, and JSON out."""

    def initialize(self, exchange: Exchange, operations: Mapping[str, Any]) -> None:
        self.exchange = exchange
        self.operations = operations

    async def get(self, *path: str) -> None:
        await self._answer(path)

    post = put = delete = get

    async def _answer(self, path: Sequence[str]) -> None:
        raise NotImplementedError

    def _request(self, path: Sequence[str]) -> Request:
        query = dict(parse_qsl(self.request.query, keep_blank_values=True))
        form, files = self.request.body_arguments, self.request.files
        return Request(
            tuple(path),
            query,
            self.request.body,
            {name: values[-1].decode("utf-8", "replace") for name, values in form.items()},
            {name: parts[-1]["body"] for name, parts in files.items()},
        )

    def _send(self, reply: Reply) -> None:
        self.set_status(reply.status)
        for name, value in reply.headers.items():
            self.set_header(name, value)
        if reply.body is not None:
            self.set_header("Content-Type", "application/json; charset=utf-8")
            body = reply.body if isinstance(reply.body, bytes) else orjson.dumps(reply.body)
            self.write(body)

    def write_error(self, status_code: int, **_: Any) -> None:
        """Answer whatever Tornado refuses by itself in Telnyx's shape."""
        code = {404: "10005", 405: "10030"}.get(status_code, "10007")
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(orjson.dumps(ApiError(code).body()))


class RestHandler(_Handler):
    """One path of REST v2: the key, the faults, the operation, the reply."""

    async def _answer(self, path: Sequence[str]) -> None:
        try:
            reply = await self._perform(self._request(path))
        except ApiError as error:
            self._refused(error)
            reply = Reply(error.status, error.body(), error.headers)
        if reply is None:
            self.detach().close()
        else:
            self._send(reply)

    async def _perform(self, request: Request) -> Reply | None:
        """Carry a request out; None when its reply is to be lost on the way."""
        self._authenticate()
        operation = self.operations.get(self.request.method or "")
        if operation is None:
            raise ApiError("10030")
        if operation is not rest.send_message:
            return await self._strike_and_run(operation, request)
        return await self._run_once(operation, request)

    async def _run_once(self, operation: rest.Operation, request: Request) -> Reply | None:
        """Run an operation that honours Idempotency-Key."""
        keys = self.request.headers.get_list("Idempotency-Key")
        claim = self.exchange.keys.begin(
            keys,
            self.request.method or "",
            self.request.path,
            self.request.query,
            request.body,
            self.exchange.now(),
        )
        if isinstance(claim, Stored):
            facts = {"id": orjson.loads(claim.body)["data"]["id"], "idempotency_key": keys[0]}
            self.exchange.journal.write("message.replayed", facts)
            return Reply(claim.status, claim.body, {"IdempotentReplayed": "true"})
        try:
            return await self._strike_and_run(operation, request, claim)
        except BaseException:
            if claim is not None:
                self.exchange.keys.forget(claim)
            raise

    async def _strike_and_run(
        self, operation: rest.Operation, request: Request, claim: Claim | None = None
    ) -> Reply | None:
        target = f"{self.request.method} {self.request.path}"
        await self._strike_before(target)
        reply = operation(self.exchange, request)
        body = orjson.dumps(reply.body)
        struck = {fault.kind: fault for fault in self.exchange.faults.take(AFTER, target)}
        if "error_after_accept" in struck:
            # The reply the caller gets is a failure, and failures are not stored under a key.
            raise ApiError("10007", status=struck["error_after_accept"].status)
        if claim is not None:
            self.exchange.keys.finish(claim, Stored(reply.status, body))
        if "drop_reply" in struck:
            return None
        return Reply(reply.status, body, reply.headers)

    async def _strike_before(self, target: str) -> None:
        for fault in self.exchange.faults.take(BEFORE, target):
            match fault.kind:
                case "slow":
                    await self.exchange.dawdle(fault.seconds)
                case "rate_limit":
                    raise _rate_limited(fault.seconds)
                case "blocked":
                    raise ApiError("40300")
                case _:
                    code = "10037" if fault.status == 503 else "10007"
                    raise ApiError(code, status=fault.status)

    def _authenticate(self) -> None:
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        wanted = self.exchange.settings.api_key
        known = not wanted or hmac.compare_digest(token.encode(), wanted.encode())
        if scheme.lower() != "bearer" or not token or not known:
            raise ApiError("10009")

    def _refused(self, error: ApiError) -> None:
        facts = {
            "method": self.request.method,
            "path": self.request.path,
            "status": error.status,
            "code": error.code,
            "detail": error.detail,
        }
        self.exchange.journal.write("request.refused", facts)


def _rate_limited(seconds: float) -> ApiError:
    reset = str(max(1, round(seconds)))
    headers = {
        "Retry-After": reset,
        "x-ratelimit-limit": "1",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": reset,
    }
    return ApiError("10011", headers=headers)


class _LocalHandler(_Handler):
    """Lets in only this machine, and no page of another site that its browser has open."""

    def prepare(self) -> None:
        name = self.request.host.rsplit(":", 1)[0]
        if self.request.remote_ip not in _LOOPBACK or name not in _LOCAL_NAMES:
            raise HTTPError(403)
        # A form of another site cannot send this type without asking first, which we never allow.
        mime = self.request.headers.get("Content-Type", "").partition(";")[0]
        if self.request.method == "POST" and mime != "application/json":
            raise HTTPError(415)

    def write_error(self, status_code: int, **_: Any) -> None:
        """Answer what is not let in."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(orjson.dumps({"error": f"status {status_code}"}))


class ControlHandler(_LocalHandler):
    """One path of the control API."""

    async def _answer(self, path: Sequence[str]) -> None:
        operation = self.operations.get(self.request.method or "")
        if operation is None:
            raise HTTPError(405)
        try:
            self._send(await operation(self.exchange, self._request(path)))
        except ApiError as error:
            self._send(Reply(400, {"error": error.detail}))
        except ValueError as error:
            self._send(Reply(400, {"error": str(error)}))


class PageHandler(_LocalHandler):
    """The page and its live part."""

    async def _answer(self, path: Sequence[str]) -> None:
        del path
        render: Callable[[Exchange], str] = self.operations["GET"]
        self.set_header("Content-Security-Policy", page.POLICY)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.write(render(self.exchange))


class MediaHandler(_Handler):
    """A file of an MMS, a fax or a recording; refuses forged and old links, as S3 does."""

    async def _answer(self, path: Sequence[str]) -> None:
        folder, media_id = path[0], path[1]
        file = self.exchange.media.find(media_id)
        if file is None or file.folder != folder:
            raise HTTPError(404)
        facts = {
            "media_id": media_id,
            "name": file.name,
            "bytes": len(file.content),
            # A key sent to a link that needs none is a key given away.
            "authorized": "Authorization" in self.request.headers,
        }
        query = self._request(path).query
        if not self.exchange.media.allows(file, query, self.exchange.now()):
            self.exchange.journal.write("media.refused", facts)
            self.set_status(403)
            self.set_header("Content-Type", "application/xml")
            self.write(
                "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
            )
            return
        self.exchange.journal.write("media.downloaded", facts)
        self.set_header("Content-Type", file.content_type)
        self.write(file.content)


class HealthHandler(RequestHandler):
    """Whether the loop turns."""

    def get(self) -> None:
        """GET /healthz."""
        self.finish("ok\n")


def application(exchange: Exchange) -> Application:
    """Return the whole site."""
    sets: tuple[tuple[type[_Handler], Sequence[tuple[str, Mapping[str, Any]]]], ...] = (
        (RestHandler, rest.ROUTES),
        (ControlHandler, control.ROUTES),
        (PageHandler, page.ROUTES),
        (MediaHandler, ((r"/(mms|faxes|recordings)/([^/]+)/[^/]+", {"GET": None}),)),
    )
    routes: list[Any] = [(r"/healthz", HealthHandler)]
    for handler, paths in sets:
        for path, operations in paths:
            routes.append((path, handler, {"exchange": exchange, "operations": operations}))
    missing = {"exchange": exchange, "operations": {}}
    return Application(
        routes,
        default_handler_class=_Missing,
        default_handler_args=missing,
        log_function=_say_nothing,
    )


def _say_nothing(handler: RequestHandler) -> None:
    """Keep no access log; the journal tells what happened."""


class _Missing(_Handler):
    async def _answer(self, path: Sequence[str]) -> None:
        del path
        raise HTTPError(404)
