"""Reading text off pictures of pages, where an engine is installed."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.effects import Done, Effect, Outcome, RetryLater
from chassis.errors import Overloaded
from chassis.logs import get_logger
from chassis.sandbox import End, Limits, Sandbox
from services.fax.documents.documents import Documents
from services.fax.documents.model import PageMissing, Rejected
from services.fax.documents.receiving import Received

_PROGRAM = "services.fax.documents.confined.engine"
_NAME = "tesseract"
_OFF = "off"
_LARGEST_TEXT = 256 * 1024
_LIMITS = Limits(output_bytes=_LARGEST_TEXT, open_files=64)
"""An engine opens its own libraries and models; the network and large files stay shut to it."""
_VERSION_SECONDS = 10.0
_PAGE_WIDTH = 1728
"""Dots across the page of a fax: no more was ever sent."""
_BUSY_SECONDS = 1.0

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Engine:
    """An installed engine: where it is, and what it calls itself."""

    path: str
    version: str


async def find_engine(setting: str) -> Engine | None:
    """Return the engine that is installed, None when there is none or the setting is `off`.

    The setting is a path, or empty for `tesseract` wherever the system has it.
    """
    path = None if setting == _OFF else shutil.which(setting or _NAME)
    version = "" if path is None else await asyncio.to_thread(_version, path)
    if path is None or not version:
        _log.warning("recognition.unavailable", setting=setting or _NAME)
        return None
    _log.info("recognition.available", engine=version)
    return Engine(path, version)


def _version(path: str) -> str:
    """Return the first line an engine says about its version; empty when it does not run."""
    try:
        told = subprocess.run(  # noqa: S603 - the operator's own engine
            [path, "--version"], capture_output=True, timeout=_VERSION_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    lines = (told.stdout or told.stderr).decode("utf-8", "replace").splitlines()
    return lines[0].strip()[:100] if lines else ""


class Recognizer:
    """Reads one page and records its text: the performer of recognitions."""

    def __init__(
        self,
        database: Database,
        documents: Documents,
        sandbox: Sandbox,
        engine: Engine | None,
        received: Received,
    ) -> None:
        self._database = database
        self._documents = documents
        self._sandbox = sandbox
        self._engine = engine
        self._received = received

    async def admit(self, connection: AsyncConnection, effect: Effect) -> str | None:
        """Admit every page: reading it changes nothing outside."""
        return None

    async def perform(self, effect: Effect) -> Outcome:
        """Draw the page, have the engine read it, and record the text or that it failed."""
        sha256, number = effect.body.decode().split()
        try:
            picture = await self._documents.thumbnail(sha256, int(number), _PAGE_WIDTH)
            text = await self._read(picture)
        except Overloaded as full:
            return RetryLater(full.retry_after or _BUSY_SECONDS, "BUSY")
        except (Rejected, PageMissing, FileNotFoundError):
            text = None
        fax_id = effect.entity_key
        async with self._database.transaction() as connection:
            if text is None:
                await self._received.unrecognized(connection, fax_id, sha256)
            else:
                await self._received.recognized(connection, fax_id, sha256, int(number), text)
        return Done(sha256)

    async def settle(self, connection: AsyncConnection, effect: Effect, outcome: Outcome) -> None:
        """Settle nothing: the text is in the database."""

    async def _read(self, picture: bytes) -> str | None:
        """Return what the engine reads, None when it fails."""
        if self._engine is None:
            return None
        with tempfile.TemporaryFile(prefix="page-") as source:
            source.write(picture)
            source.seek(0)
            async with self._sandbox.run(_PROGRAM, self._engine.path, source, _LIMITS) as ended:
                if ended.end is not End.DONE:
                    _log.warning("recognition.failed", end=ended.end.value, status=ended.status)
                    return None
                text = ended.output.read(_LARGEST_TEXT).decode("utf-8", "replace")
        return text.replace("\x00", "").replace("\f", "\n").strip()
