"""What a person does during a call: when asked for keys or words, and when it is time to go."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DEFAULT_MESSAGE_SECONDS = 3.0


@dataclass
class Answers:
    """What somebody answers when asked, by keys or by words.

    `rules` are looked at first: the first whose words the prompt contains gives its answer, every
    time it is asked. Otherwise `turns` are used up, one for each time of asking.
    """

    rules: Mapping[str, str] = field(default_factory=dict)
    turns: list[str] = field(default_factory=list)

    def to(self, prompt: str) -> str:
        """Return the answer to a prompt, empty for none."""
        heard = prompt.casefold()
        for words, answer in self.rules.items():
            if words.casefold() in heard:
                return answer
        return self.turns.pop(0) if self.turns else ""


@dataclass
class Script:
    """One call of one person; 0 seconds mean never.

    `patience` is how long they wait for somebody to talk to, `talk` how long they talk before they
    hang up, `message` how long they speak when their words are recorded. After a message they hang
    up unless they stay.
    """

    press: Answers = field(default_factory=Answers)
    say: Answers = field(default_factory=Answers)
    patience: float = 0.0
    talk: float = 0.0
    message: float = DEFAULT_MESSAGE_SECONDS
    stays: bool = False

    def copy(self) -> Script:
        """Return one for another call: answers are used up call by call."""
        return copy.deepcopy(self)


def parse(body: Mapping[str, Any]) -> Script:
    """Read a script from the control API; ValueError says what is wrong with it.

    press, say: a text for the first time of asking, a list for one time each, or an object of
    words in the prompt and the answer to it. patience, talk, message: seconds. stays: true, false.
    """
    stays = body.get("stays", False)
    if not isinstance(stays, bool):
        raise ValueError("stays must be true or false")
    return Script(
        press=_answers(body, "press"),
        say=_answers(body, "say"),
        patience=seconds(body, "patience"),
        talk=seconds(body, "talk"),
        message=seconds(body, "message", DEFAULT_MESSAGE_SECONDS),
        stays=stays,
    )


def seconds(body: Mapping[str, Any], name: str, default: float = 0.0) -> float:
    """Return a field that is a number of seconds."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{name} must be a number of seconds")
    return float(value)


def _answers(body: Mapping[str, Any], name: str) -> Answers:
    value = body.get(name) or []
    given = list(value.values()) if isinstance(value, dict) else value
    given = [given] if isinstance(given, str) else given
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise ValueError(f"{name} must be a text, a list of texts or an object of texts")
    return Answers(rules=value) if isinstance(value, dict) else Answers(turns=list(given))
