"""Talk to the control API of a running simulator; standard library only, so that it starts fast."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote, urlencode

DEFAULT_URL = "http://127.0.0.1:8090"

_DEADLINE = 40.0


class NotRunningError(Exception):
    """Nothing answers at the simulator's address."""


class ControlError(ValueError):
    """The simulator did not accept a request; the message says why."""


class Control:
    """The control API at an address. Blocks: call it from a thread in an event loop."""

    def __init__(self, url: str = DEFAULT_URL) -> None:
        self.url = url.rstrip("/")

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the simulator to do something; the reply depends on the path."""
        return self._request(path, json.dumps(body).encode())

    def get(self, path: str, **query: object) -> dict[str, Any]:
        """Read from the simulator."""
        return self._request(f"{path}?{urlencode(query)}", None)

    def effects(self, after: int, wait: float = 0) -> tuple[list[dict[str, Any]], int]:
        """Return the effects after a number and the last number there is."""
        reply = self.get("/_sim/effects", after=after, wait=wait)
        return reply["effects"], reply["last"]

    def _request(self, path: str, body: bytes | None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        url = self.url + quote(path, safe="/?=&%+:~-_.")
        request = urllib.request.Request(url, body, headers)  # noqa: S310 (http by DEFAULT_URL)
        # Never through a proxy: the simulator only lets in this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=_DEADLINE) as reply:
                return cast("dict[str, Any]", json.load(reply))
        except urllib.error.HTTPError as error:
            raise ControlError(_why(error)) from None
        except OSError as error:
            raise NotRunningError(f"no simulator answers at {self.url}: {error}") from None


def _why(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["error"])
    except (ValueError, KeyError, TypeError):
        return f"status {error.code}"
