"""`switchhook simulate` against a running suite.

- `scenario` comes to the same effects however often it is played on the same data.
- `sms` shows what follows; a suite that is not there is said in one line, with status 1.
"""

import asyncio
from pathlib import Path

from simulator.playing import play
from simulator.scenarios import WELCOME
from tests.e2e.command import Command, Up

SECONDS = 110


async def test_scenario_can_be_played_again(suite: Up, tmp_path: Path) -> None:
    """After its steps with consent and help have been played, all of it meets every expectation."""
    texts = [step for step in WELCOME if step.path == "/_sim/sms"]
    before = await asyncio.to_thread(play, suite.control, texts, lambda result: None)
    assert [result.unmet for result in before] == [[]] * len(texts)
    scenario = Command(tmp_path, "simulate", "scenario", "--url", suite.control.url)
    try:
        assert await scenario.status(seconds=SECONDS) == 0, scenario.output
    finally:
        scenario.clear_away()


async def test_what_follows_is_shown(suite: Up, tmp_path: Path) -> None:
    """A text is sent, and the answer to it is printed when it comes."""
    suite.control.post("/_sim/profile", {"autoresponder": False})
    given = ("--from", "+14045550142", "--text", "START", "--watch", "60")
    text = Command(tmp_path, "simulate", "sms", *given, "--url", suite.control.url)
    try:
        await text.printed(r"message\.accepted .*to=\+14045550142")
    finally:
        text.clear_away()


async def test_absent_suite_is_said(tmp_path: Path) -> None:
    """Nobody at the address: one line says so and the next what to do."""
    text = Command(tmp_path, "simulate", "sms", "--text", "x", "--url", "http://127.0.0.1:1")
    try:
        assert await text.status() == 1
    finally:
        text.clear_away()
    assert text.errors.splitlines()[-1] == "Start it with: switchhook up"
