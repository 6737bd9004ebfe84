"""Sentences as strings of word classes, and rules over them.

A language has a lexicon, which says what classes each word belongs to, and rules, which are short
patterns over the names of the classes, and words in quotes: `"stop (contacting|sending) 'me'?"`.
Every combination of classes gets a letter, a text becomes a string with one letter per word, and a rule becomes a
regular expression over these letters. Rules may repeat only with an upper bound, so that the time a
text takes grows with its length and no faster.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

UNKNOWN: Final = "_"
MASKED: Final = "-"
_FIRST_LETTER: Final = 0x100
_FULL_STOP, _QUESTION, _COMMA, _NUMBER, _DOING = ".", "?", ",", "0", "g"
_BUILT_IN: Final = {
    "word": r"[^.?,]",
    "any": r"[^.?]",
    "start": r"(?<![^.?])",
    "end": r"(?![^.?])",
    "pause": r"[.?,]",
    "comma": ",",
    "question": r"\?",
    "digits": _NUMBER,
    "doing": _DOING,
    "masked": MASKED,
    "unknown": f"[{UNKNOWN}{MASKED}]",
}
_NAME: Final = re.compile(r"'\w+'|[a-z][a-z_]*")
_LITERAL: Final = re.compile(r"'(\w+)'")
_UNBOUNDED: Final = re.compile(r"[*+]|\{\d*,\}")
_LONG_RUN: Final = re.compile(r"(.)\1{2,}")
_DIGIT_FOR_LETTER: Final = str.maketrans("013457", "oleast")


class Outcome(Enum):
    """What a rule makes of the words it matches."""

    NOTHING = auto()
    """They are no request; what stands around them is read without them."""
    STOP = auto()
    UNCLEAR = auto()


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern over classes, and what it means where it matches."""

    rule_id: str
    outcome: Outcome
    pattern: str


@dataclass(frozen=True, slots=True)
class Finding:
    """The rule that matched, and the words it matched."""

    rule_id: str
    outcome: Outcome
    words: tuple[tuple[str, frozenset[str]], ...]
    """Each word with its classes."""
    end: int
    """The place of the first token after it."""

    @property
    def classes(self) -> frozenset[str]:
        """Return the classes of all its words."""
        return frozenset().union(*(classes for _, classes in self.words))


class Grammar:
    """One language: what its words are, and what its sentences ask for."""

    def __init__(
        self,
        classes: Mapping[str, str],
        rules: Sequence[Rule],
        *,
        macros: Mapping[str, str],
        triggers: Iterable[str],
        limit_before: str = "(?!)",
        limit_after: str = "(?!)",
    ) -> None:
        """Compile the rules; `triggers` are the classes without which none can match.

        A request is unclear when `limit_before` is found before it in its sentence, or
        `limit_after` anywhere after it.
        """
        patterns = [rule.pattern for rule in rules]
        texts = [*macros.values(), *patterns, limit_before, limit_after]
        literals = {word for text in texts for word in _LITERAL.findall(text)}
        classes = {**classes, **{f"'{word}'": word for word in literals}}
        self._classes_of = _classes_of_words(classes)
        self._letters = _Letters(self._classes_of)
        self.triggers = frozenset(
            word for name in triggers for word in classes[name].split()
        )
        self._names = names = _Names(self._letters, classes, macros)
        self._nothing = _alternation(rules, Outcome.NOTHING, names)
        self._stop = _alternation(rules, Outcome.STOP, names)
        self._unclear = _alternation(rules, Outcome.UNCLEAR, names)
        self._limit_before = re.compile(names.compiled(limit_before))
        self._limit_after = re.compile(names.compiled(limit_after))

    def tag(self, tokens: Iterable[str]) -> str:
        """Return one letter for each token."""
        letters = self._letters
        return "".join([letters[token] for token in tokens])

    def read(self, tokens: Sequence[str]) -> tuple[Finding | None, str]:
        """Return what the text asks for, if a rule says so, and its letters with the rest masked."""
        tags = self.tag(tokens)
        if self._nothing is not None:
            tags = self._nothing.expression.sub(_masked, tags)
        for rules in (self._stop, self._unclear):
            match = None if rules is None else rules.expression.search(tags)
            if rules is not None and match is not None:
                return self._finding(rules, match, tokens, tags), tags
        return None, tags

    def pattern(self, text: str) -> "re.Pattern[str]":
        """Compile a pattern over the classes of this language."""
        return re.compile(self._names.compiled(text))

    def _finding(
        self, rules: "_Alternation", match: re.Match[str], tokens: Sequence[str], tags: str
    ) -> Finding:
        rule = rules.rule_of(match)
        words = tuple(
            (word, self._classes_of.get(word, _NO_CLASSES))
            for word in tokens[match.start() : match.end()]
        )
        # A limit before or after it makes a clear request unclear.
        sentence = max(tags.rfind(mark, 0, match.start()) for mark in ".?") + 1
        before = self._limit_before.search(tags, sentence)
        limited = self._limit_after.search(tags, match.end()) is not None or (
            before is not None and before.start() < match.start()
        )
        if limited and rule.outcome is Outcome.STOP:
            return Finding("unclear.limited", Outcome.UNCLEAR, words, match.end())
        return Finding(rule.rule_id, rule.outcome, words, match.end())


_NO_CLASSES: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class _Alternation:
    expression: re.Pattern[str]
    rules: Sequence[Rule]

    def rule_of(self, match: re.Match[str]) -> Rule:
        """Return the rule whose group matched."""
        return self.rules[int((match.lastgroup or "r0")[1:])]


def _alternation(
    rules: Sequence[Rule], outcome: Outcome, names: "_Names"
) -> _Alternation | None:
    chosen = [rule for rule in rules if rule.outcome is outcome]
    if not chosen:
        return None
    groups = (f"(?P<r{at}>{names.compiled(rule.pattern)})" for at, rule in enumerate(chosen))
    return _Alternation(re.compile("|".join(groups)), chosen)


def _masked(match: re.Match[str]) -> str:
    return MASKED * len(match[0])


def _classes_of_words(classes: Mapping[str, str]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name, words in classes.items():
        for word in words.split():
            found.setdefault(word, set()).add(name)
    return {word: frozenset(names) for word, names in found.items()}


class _Letters(dict[str, str]):
    """The letter of each word of the lexicon; of other words, the letter of what they look like."""

    def __init__(self, classes_of: Mapping[str, frozenset[str]]) -> None:
        super().__init__()
        self.combinations: dict[frozenset[str], str] = {}
        for word, names in classes_of.items():
            letter = chr(_FIRST_LETTER + len(self.combinations))
            self[word] = self.combinations.setdefault(names, letter)

    def __missing__(self, token: str) -> str:
        if not token[0].isalnum():
            return _punctuation(token)
        if token[0].isdigit() and token[-1].isdigit():
            return _NUMBER
        other = _plainer(token)
        if other != token and other in self:
            return self[other]
        return _DOING if len(token) > 4 and token.endswith("ing") else UNKNOWN


def _punctuation(token: str) -> str:
    if "?" in token:
        return _QUESTION
    return _COMMA if token in _PAUSES else _FULL_STOP


_PAUSES: Final = frozenset(',"()、，')


def _plainer(token: str) -> str:
    """Return a word as it would be without stretched letters and digits in their place."""
    plain = _LONG_RUN.sub(r"\1", token)
    return plain if plain.isalpha() else plain.translate(_DIGIT_FOR_LETTER)


class _Names:
    """Expands the names in a pattern into the letters they stand for."""

    def __init__(
        self, letters: _Letters, classes: Mapping[str, str], macros: Mapping[str, str]
    ) -> None:
        self._expanded = dict(_BUILT_IN)
        if not self._expanded.keys().isdisjoint([*classes, *macros]):
            raise ValueError("a class or macro has the name of a built-in one")
        for name in classes:
            members = (
                letter for names, letter in letters.combinations.items() if name in names
            )
            self._expanded[name] = f"[{''.join(members)}]"
        for name, pattern in macros.items():
            self._expanded[name] = f"(?:{self.compiled(pattern)})"

    def compiled(self, pattern: str) -> str:
        """Return the regular expression for a pattern; raises ValueError for one without bound."""
        if _UNBOUNDED.search(pattern):
            raise ValueError(f"repeats without an upper bound: {pattern}")
        spaced = re.sub(r"\((?!\?)", "(?:", pattern)
        return _NAME.sub(self._expand, spaced).replace(" ", "")

    def _expand(self, match: re.Match[str]) -> str:
        name = match[0]
        if name not in self._expanded:
            raise ValueError(f"not a class of words: {name}")
        return self._expanded[name]


def nothing(rule_id: str, pattern: str) -> Rule:
    """Return a rule for words that only sound like a request."""
    return Rule(rule_id, Outcome.NOTHING, pattern)


def stop(rule_id: str, pattern: str) -> Rule:
    """Return a rule for a clear request."""
    return Rule(rule_id, Outcome.STOP, pattern)


def unclear(rule_id: str, pattern: str) -> Rule:
    """Return a rule for what a person must read."""
    return Rule(rule_id, Outcome.UNCLEAR, pattern)
