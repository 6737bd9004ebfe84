"""`switchhook demo`: the proof a newcomer runs first.

- It exits 0 and prints a line with its time for each webhook and each effect, and a summary.
- It says nothing else: no log line stands between the story's lines.
- When an effect does not come it exits 1 and names what is missing.
- With `--processes` (long form) the same holds for separate processes.
"""

import os
import re
from pathlib import Path

import pytest

from tests.e2e.command import Command

DEMO_SECONDS = 110
EFFECTS = (
    "message.accepted",
    "autoresponder.replied",
    "call.answer",
    "call.speak",
    "call.playback_start",
    "call.dial",
    "call.bridge",
    "media.downloaded",
    "fax.accepted",
    "texml.say",
    "texml.enqueue",
)
EVENTS = (
    "message.received",
    "message.finalized",
    "call.initiated",
    "fax.received",
    "fax.failed",
    "fax.delivered",
)


async def test_every_effect_is_told(tmp_path: Path) -> None:
    """Every webhook and effect gets a line with its latency, nothing else is said, status 0."""
    await _passes(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(os.environ.get("SWITCHHOOK_FAULTS") != "long", reason="only in the long form")
async def test_processes_do_the_same(tmp_path: Path) -> None:
    """A process for each service comes to the same effects."""
    await _passes(tmp_path, "--processes")


async def test_missing_effect_is_named(tmp_path: Path) -> None:
    """With no number of ours for voice to answer, the demo names what is missing; status 1."""
    demo = Command(
        tmp_path, "demo", "--patience", "2", SWITCHHOOK_VOICE_NUMBERS="+12025550199,+12025550120"
    )
    try:
        assert await demo.status(seconds=DEMO_SECONDS) == 1
    finally:
        demo.clear_away()
    for kind in ("call.answer", "call.speak", "call.playback_start"):
        # The two callers of our number; the lines of the tour have plans of their own.
        assert demo.output.count(f"missing: one {kind}") == 2
    met, expected = _met(demo.output)
    assert met < expected


async def _passes(folder: Path, *arguments: str) -> None:
    demo = Command(folder, "demo", *arguments)
    try:
        assert await demo.status(seconds=DEMO_SECONDS) == 0, demo.output
    finally:
        demo.clear_away()
    for arrow, kinds in (("effect <-", EFFECTS), ("event  ->", EVENTS)):
        for kind in kinds:
            assert re.search(rf"^ +\d+ ms  {arrow} {re.escape(kind)} ", demo.output, re.MULTILINE)
    met, expected = _met(demo.output)
    assert met == expected
    assert re.search(r"p50 \d+ ms, p99 \d+ ms", demo.output)
    assert demo.errors == ""


def _met(output: str) -> tuple[int, int]:
    match = re.search(r"(\d+) of (\d+) expectations met", output)
    assert match is not None, output
    return int(match[1]), int(match[2])
