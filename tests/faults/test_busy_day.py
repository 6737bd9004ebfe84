"""A busy day with a restart of voice in the middle ends with every call accounted for.

The short form has 36 calls and one restart; `python3 dev.py faults` plays the whole day.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from cli.day.checks import checks
from cli.day.command import play
from cli.day.report import table
from cli.day.script import day

LONG = os.environ.get("SWITCHHOOK_FAULTS") == "long"


@pytest.mark.timeout(600)
async def test_every_call_of_a_busy_day_is_accounted_for(tmp_path: Path) -> None:
    """Both sides agree on every call, and nothing that must hold is broken by a kill -9."""
    script = (
        day(seed=7, calls=200, agents=12, restarts=2)
        if LONG
        else day(seed=7, calls=36, agents=8, restarts=1)
    )
    account = await play(script, 30.0 if LONG else 40.0, tmp_path)
    # A machine with other things to do may be slow; nobody may be forgotten all the same.
    account = replace(account, quiet_limit=18.0)
    checked = checks(account)
    assert all(check.good for check in checked), table(account, checked, every_call=True)
    assert len(account.rows) == len(script.callers)
    assert len(account.downtimes) == len(script.kills)
