"""Sentences as strings of word classes, and rules over them.

A language has a lexicon, which says what classes each word belongs to, and rules, which are short
patterns over the names of the classes and over words in quotes: `"cease contacting 'me'?"`. Every
combination of classes gets a letter, a text becomes a string with one letter per word, and a rule
becomes a regular expression over these letters. Rules may repeat only with an upper bound, so that
the time a text takes grows with its length and no faster.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cached_property
from typing import Final

UNKNOWN: Final = "_"
MASKED: Final = "-"
_FIRST_LETTER: Final = 0x100
_FULL_STOP, _QUESTION, _COMMA, _NUMBER, _DOING = ".", "?", ",", "0", "g"
_PAUSES: Final = frozenset(',"()、，')
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
_LETTER_FOR_DIGIT: Final = str.maketrans("013457", "oleast")
_HEAD_WORDS: Final = 12
"""How far before a request its introduction may begin."""
_STRANGE: Final = re.compile(f"[{UNKNOWN}{_NUMBER}{_DOING}{MASKED}]")
_TAIL: Final = re.compile(r"\s(?:tail|closed|polite_end)$")
"""What a clear request ends with: nothing, a courtesy, or the next clause."""
_NEVER: Final = "(?!)"
_NO_CLASSES: Final[frozenset[str]] = frozenset()


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
    after: str = ""
    """A pattern for what must stand right before it."""
    alone: bool = False
    """Whether it is clear only if little else is said, or if the rest supports it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The rule that matched, and the words it matched with their classes."""

    rule_id: str
    outcome: Outcome
    words: tuple[tuple[str, frozenset[str]], ...]

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
        limit_before: str = _NEVER,
        limit_after: str = _NEVER,
        filler: str = _NEVER,
        support: str = _NEVER,
        firm: str = _NEVER,
        alone: Sequence[str] = (),
        bare: str = _NEVER,
    ) -> None:
        """Compile the rules; `triggers` are the classes without which none can match.

        A request is unclear when `limit_before` is found before it in its sentence, or
        `limit_after` anywhere after it. A rule that must stand alone, as all those in `alone` must,
        tolerates `filler` around it, and anything where `support` is found around it or `firm`
        within. A text of known words alone, in which `bare` is found, is unclear at least. Raises
        ValueError for a pattern that is not sound.
        """
        rules = [replace(rule, alone=rule.alone or rule.rule_id in alone) for rule in rules]
        texts = [*macros.values(), limit_before, limit_after, filler, support, firm, bare]
        texts += [text for rule in rules for text in (rule.pattern, rule.after)]
        literals = {word for text in texts for word in _LITERAL.findall(text)}
        classes = {**classes, **{f"'{word}'": word for word in literals}}
        self._classes_of = _classes_of_words(classes)
        self._letters = _Letters(self._classes_of)
        self._names = names = _Names(self._letters, classes, macros)
        self.vocabulary = frozenset(self._classes_of)
        self.triggers = frozenset(word for name in triggers for word in classes[name].split())
        nothing = (rule.pattern for rule in rules if rule.outcome is Outcome.NOTHING)
        self._nothing = _Lazy(_either(map(names.compiled, nothing)))
        self._clear = _Rules(rules, Outcome.STOP, names)
        self._unclear = _Rules(rules, Outcome.UNCLEAR, names)
        requests = [rule for rule in rules if rule.outcome is Outcome.STOP]
        self._incomplete = _Rules(map(_incomplete, requests), Outcome.UNCLEAR, names)
        self._limit_before = _Lazy(names.compiled(limit_before))
        self._limit_after = _Lazy(names.compiled(limit_after))
        self._more = _Lazy(names.compiled(f"(?!pause|masked|{filler}) any"))
        self._support = _Lazy(names.compiled(support))
        self._bare = _Lazy(names.compiled(bare))
        self._firm = _Lazy(names.compiled(firm))

    def tag(self, tokens: Iterable[str]) -> str:
        """Return one letter for each token."""
        letters = self._letters
        return "".join([letters[token] for token in tokens])

    def read(self, tokens: Sequence[str]) -> tuple[Finding | None, str]:
        """Return what the text asks for, if a rule says so, and its letters with the rest masked."""
        tags = self._nothing.compiled.sub(_masked, self.tag(tokens))
        for rules in (self._clear, self._unclear, self._incomplete):
            found = rules.find(tags)
            if found is not None:
                rule, asked, start, end = found
                words = tuple(
                    (word, self._classes_of.get(word, _NO_CLASSES)) for word in tokens[start:end]
                )
                if rule.outcome is Outcome.STOP and self._is_limited(tags, start, end):
                    return Finding("unclear.limited", Outcome.UNCLEAR, words), tags
                if rule.alone and not self._is_supported(tags, asked, end):
                    return Finding("unclear.unsupported", Outcome.UNCLEAR, words), tags
                return Finding(rule.rule_id, rule.outcome, words), tags
        if _STRANGE.search(tags) is None and self._bare.compiled.search(tags) is not None:
            return Finding("unclear.bare", Outcome.UNCLEAR, ()), tags
        return None, tags

    def pattern(self, text: str) -> re.Pattern[str]:
        """Compile a pattern over the classes of this language."""
        return re.compile(self._names.compiled(text))

    def _is_limited(self, tags: str, start: int, end: int) -> bool:
        if self._limit_after.compiled.search(tags, end) is not None:
            return True
        sentence = max(tags.rfind(mark, 0, start) for mark in (_FULL_STOP, _QUESTION)) + 1
        before = self._limit_before.compiled.search(tags, sentence)
        return before is not None and before.start() < start

    def _is_supported(self, tags: str, start: int, end: int) -> bool:
        rest = f"{tags[:start]}{_FULL_STOP}{tags[end:]}"
        if (
            self._more.compiled.search(rest) is None
            or self._support.compiled.search(rest) is not None
        ):
            return True
        return self._firm.compiled.search(tags, start, end) is not None


class _Lazy:
    """A regular expression that is compiled when it is first needed: there are hundreds."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """Return the compiled expression."""
        return re.compile(self._pattern)


class _Rules:
    """Rules of one outcome, searched for together; the first of the list wins at each place."""

    def __init__(self, rules: Iterable[Rule], outcome: Outcome, names: "_Names") -> None:
        chosen = [rule for rule in rules if rule.outcome is outcome]
        patterns = [names.compiled(rule.pattern) for rule in chosen]
        self._somewhere = _Lazy(_either(patterns))
        self._rules = [
            (rule, _Lazy(pattern), _Lazy(rf"{names.compiled(rule.after)}\Z"))
            for rule, pattern in zip(chosen, patterns, strict=True)
        ]

    def find(self, tags: str) -> tuple[Rule, int, int, int] | None:
        """Return the first rule that matches: where its introduction, it, and its end are."""
        somewhere = self._somewhere.compiled
        place = somewhere.search(tags)
        while place is not None:
            at = place.start()
            for rule, pattern, introduction in self._rules:
                match = pattern.compiled.match(tags, at)
                if match is None:
                    continue
                if not rule.after:
                    return rule, at, at, match.end()
                before = introduction.compiled.search(tags, max(0, at - _HEAD_WORDS), at)
                if before is not None:
                    return rule, before.start(), at, match.end()
            place = somewhere.search(tags, at + 1)
        return None


def _either(patterns: Iterable[str]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in patterns) or _NEVER


def _incomplete(rule: Rule) -> Rule:
    """Return the rule for a request that something unknown precedes or follows: it is unclear."""
    return Rule("unclear.incomplete", Outcome.UNCLEAR, _TAIL.sub("", rule.pattern))


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
        if token.isalpha():
            return _DOING if token.endswith("ing") and len(token) > 4 else UNKNOWN
        if not token[0].isalnum():
            return _punctuation(token)
        if token[0].isdigit() and token[-1].isdigit():
            return _NUMBER
        return self.get(token.translate(_LETTER_FOR_DIGIT), UNKNOWN)


def _punctuation(token: str) -> str:
    if "?" in token:
        return _QUESTION
    return _COMMA if token in _PAUSES else _FULL_STOP


class _Names:
    """Expands the names in a pattern into the letters they stand for."""

    def __init__(
        self, letters: _Letters, classes: Mapping[str, str], macros: Mapping[str, str]
    ) -> None:
        self._expanded = dict(_BUILT_IN)
        if not self._expanded.keys().isdisjoint([*classes, *macros]):
            raise ValueError("a class or macro has the name of a built-in one")
        for name in classes:
            members = (letter for names, letter in letters.combinations.items() if name in names)
            self._expanded[name] = f"[{''.join(members)}]"
        for name, pattern in macros.items():
            self._expanded[name] = f"(?:{self.compiled(pattern)})"

    def compiled(self, pattern: str) -> str:
        """Return the regular expression for a pattern; raises ValueError for one without bound."""
        if _UNBOUNDED.search(pattern):
            raise ValueError(f"repeats without an upper bound: {pattern}")
        grouped = re.sub(r"\((?!\?)", "(?:", pattern)
        return _NAME.sub(self._expand, grouped).replace(" ", "")

    def _expand(self, match: re.Match[str]) -> str:
        name = match[0]
        if name not in self._expanded:
            raise ValueError(f"not a class of words: {name}")
        return self._expanded[name]


def nothing(rule_id: str, pattern: str) -> Rule:
    """Return a rule for words that only sound like a request."""
    return Rule(rule_id, Outcome.NOTHING, pattern)


def stop(rule_id: str, pattern: str, *, after: str = "", alone: bool = False) -> Rule:
    """Return a rule for a clear request."""
    return Rule(rule_id, Outcome.STOP, pattern, after, alone)


def unclear(rule_id: str, pattern: str, *, after: str = "") -> Rule:
    """Return a rule for what a person must read."""
    return Rule(rule_id, Outcome.UNCLEAR, pattern, after)
