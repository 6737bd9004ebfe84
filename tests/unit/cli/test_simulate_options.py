"""What the options of `switchhook simulate` say to the simulator."""

import argparse
from typing import Any

import pytest

from cli import simulate
from simulator import world


def _asked(*arguments: str) -> tuple[str, dict[str, Any]]:
    parser = argparse.ArgumentParser()
    simulate.add_parser(parser.add_subparsers())
    chosen = parser.parse_args(["simulate", *arguments])
    body = chosen.body(chosen)
    return chosen.path, body


def test_a_caller_is_scripted() -> None:
    """Answers with a prompt become rules; seconds and names are passed on."""
    path, body = _asked(
        *("call", "--from", "grace", "--press", "menu=2", "--press", "called back=1"),
        *("--talk", "30", "--attestation", "A"),
    )
    assert path == "/_sim/call"
    assert body["from"] == world.GRACE.number
    assert body["press"] == {"menu": "2", "called back": "1"}
    assert (body["talk"], body["attestation"]) == (30.0, "A")


def test_answers_without_a_prompt_are_given_in_turn() -> None:
    """Answers that name no prompt are a list, one for each time of asking."""
    path, body = _asked("call", "--texml", "--press", "1", "--press", "2", "--say", "sales")
    assert path == "/_sim/texml_call"
    assert (body["press"], body["say"]) == (["1", "2"], ["sales"])


@pytest.mark.parametrize("number", ["ada", world.ADA.number])
def test_a_phone_learns_habits(number: str) -> None:
    """A phone may do something else at each ring, and take its time."""
    path, body = _asked("phone", number, "--calls", "no_answer", "pick_up", "--answer-after", "3")
    assert path == f"/_sim/phones/{world.ADA.number}"
    assert (body["calls"], body["answer_after"]) == (["no_answer", "pick_up"], 3.0)
