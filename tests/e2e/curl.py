"""Calling gRPC as any other program would: `buf curl`, which knows nothing but reflection."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BUF = Path(sys.executable).parent / "buf"
_CURL = ("curl", "--protocol", "grpc", "--http2-prior-knowledge")


@dataclass(frozen=True)
class Answer:
    """What a call gave: the message, or the error with its gRPC code as a word."""

    message: dict[str, Any]
    code: str = ""
    details: tuple[str, ...] = ()
    """The types of the error's details."""


async def services(port: int) -> set[str]:
    """Return the names of the services at a port."""
    output, errors, status = await _run("--list-services", f"http://127.0.0.1:{port}")
    assert status == 0, errors
    return set(output.split())


async def call(port: int, method: str, request: dict[str, Any]) -> Answer:
    """Call a unary method, given as <service>/<method>, with a request in JSON."""
    url = f"http://127.0.0.1:{port}/{method}"
    output, errors, status = await _run("--data", json.dumps(request), url)
    if status == 0:
        return Answer(json.loads(output))
    assert errors.startswith("{"), errors  # else reflection knows no such service or method
    error = json.loads(errors)
    details = tuple(detail["type"] for detail in error.get("details", ()))
    return Answer({}, error["code"], details)


async def _run(*arguments: str) -> tuple[str, str, int]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        BUF, *_CURL, *arguments, stdout=pipe, stderr=pipe
    )
    output, errors = await process.communicate()
    return output.decode(), errors.decode(), process.returncode or 0
