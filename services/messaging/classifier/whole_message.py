"""Rules for messages that are nothing but a keyword, in whatever dress."""

import re
from typing import Final

from services.messaging.classifier import machines, scope, spelling, words
from services.messaging.classifier.decision import Decision, KeywordClass, Scope
from services.messaging.classifier.normalization import strict
from services.messaging.classifier.reading import Text, none, start, stop, unclear
from services.messaging.classifier.tokens import key, word_set

FEW_WORDS: Final = 8
"""A message of at most so many words is short."""


def nothing_said(text: Text) -> Decision | None:
    """Read what has no words: a reaction, a sign, nothing at all."""
    if text.words:
        return None
    if text.reacted:
        return none(text, "reaction")
    if words.STOP_SIGN in text.known:
        return stop(text, "sign.stop")
    if not text.known.isdisjoint(words.HOSTILE_SIGNS):
        return unclear(text, "sign.hostile")
    return none(text, "none.no_words")


def custom_keyword(text: Text) -> Decision | None:
    """Read the campaign's own words."""
    klass = text.context.keywords.get(text.key)
    if klass is None:
        return None
    if klass is KeywordClass.START and key(strict(text.raw)) not in text.context.exact_keywords:
        return unclear(text, "unclear.opt_in")
    reach = Scope.NUMBER if klass in (KeywordClass.STOP, KeywordClass.START) else Scope.NOTHING
    return Decision(klass, f"custom.{klass}", reach, normalized=text.key)


def stop_keyword(text: Text) -> Decision | None:
    """Read the words that opt out."""
    if text.key in words.STOPPING:
        if not text.known.isdisjoint(words.LAUGHTER):
            return unclear(text, "unclear.banter")
        return stop(text, "whole_message.stop", scope.of_words(text.words))
    for language in text.context.languages:
        if text.key in words.HINTED.get(language, ()):
            return stop(text, "whole_message.stop_in_language")
    return None


def start_keyword(text: Text) -> Decision | None:
    """Read the two words that opt in, which must be written as the carrier knows them."""
    if text.key not in words.START:
        return None
    if "?" in text.folded or not _is_strictly(text, text.key):
        return unclear(text, "unclear.opt_in")
    return start(text, "whole_message.start")


def _is_strictly(text: Text, word: str) -> bool:
    """Say whether the carrier would read the same word: no look-alikes, no spelling out."""
    return f" {word} " in f" {key(strict(text.raw))} "


def help_keyword(text: Text) -> Decision | None:
    """Read a call for help, with courtesies."""
    if text.known.isdisjoint(words.HELP):
        return None
    core = {word for word in text.words if word not in words.POLITE and word != "me"}
    if text.key in words.HELP or (core and core <= words.HELP and len(text.words) <= FEW_WORDS):
        return Decision(KeywordClass.HELP, "whole_message.help", normalized=text.key)
    return None


def pending_opt_in(text: Text) -> Decision | None:
    """Read the answer to an open question."""
    if not text.context.pending_opt_in:
        return None
    core = " ".join(word for word in text.words if word not in words.POLITE) or text.key
    if text.key in words.YES or core in words.YES:
        return start(text, "pending.yes")
    return unclear(text, "pending.nearly_yes") if core in words.NEARLY_YES else None


def automatic(text: Text) -> Decision | None:
    """Find the answer of a machine."""
    if machines.is_automatic(text.folded):
        return none(text, "bot.automatic")
    return None


def line(text: Text) -> Decision | None:
    """Find a line of several that is a keyword by itself."""
    if "\n" not in text.folded.strip():
        return None
    lines = [found for found in map(key, text.folded.split("\n")) if found]
    if any(line in words.START for line in lines):
        conflict = any(line in words.STOPPING for line in lines)
        return unclear(text, "unclear.conflict") if conflict else None
    if any(line in words.STRONG for line in lines):
        return stop(text, "line.stop", scope.of_words(text.words))
    if any(line in words.STOPPING for line in lines):
        others = (line for line in lines if line not in words.STOPPING)
        polite = all(words.POLITE.issuperset(line.split()) for line in others)
        return stop(text, "line.stop") if polite else unclear(text, "unclear.line")
    return None


_TELLING: Final = word_set("reply text txt send respond type")
_LEADS: Final = _TELLING | word_set("with back the word")
_LINKS: Final = word_set("to 2 for")
_ECHO_SIGNS: Final = _TELLING | _LINKS
_ECHOED: Final = word_set(
    "stop end quit cancel optout unsubscribe remove receiving getting receive get messages "
    "texts alerts message text msgs sms from us this number all future any anymore at time me "
    "to list your our out opt more"
)
_JOINED_ECHO: Final = re.compile(
    r"(?:stop|end|quit|cancel|unsubscribe)(?:2|to)(?:stop|end|quit|cancel|unsubscribe|optout)"
)


def echo(text: Text) -> Decision | None:
    """Look for a message that is nothing but our own instruction: `reply STOP to end`."""
    if _JOINED_ECHO.fullmatch(text.key):
        return stop(text, "echo.instruction")
    if not text.known.isdisjoint(_ECHO_SIGNS):
        rest = list(text.words)
        while rest and rest[0] in _LEADS:
            rest.pop(0)
        led = text.words[0] in _TELLING
        keyword = words.SINGLE_STOPS if led else words.SINGLE_STRONG
        if rest and rest[0] in keyword:
            goes_on = rest[1:2] and rest[1] in _LINKS and len(rest) > 2
            if (led and len(rest) == 1) or (goes_on and all(_is_echo(each) for each in rest[2:])):
                return stop(text, "echo.instruction")
    return None


def _is_echo(word: str) -> bool:
    return word in _ECHOED or word in words.POLITE or word.isdigit()


SINGLES: Final = (
    words.SINGLE_STOPS
    | words.START
    | frozenset(word for entry in words.STOPPING if " " in entry for word in entry.split())
)
_CODE: Final = re.compile(r"\d{4,}")


def keyword_and_name(text: Text) -> Decision | None:
    """Read a keyword with the name of a program or a code."""
    if len(text.words) < 2 or text.words[0] not in words.SINGLE_STRONG:
        return None
    name = " ".join(word for word in text.words[1:] if word not in words.POLITE)
    if name in text.context.programs:
        return stop(text, "keyword.program", Scope.PROGRAM, name)
    return stop(text, "keyword.code") if _CODE.fullmatch(name) else None


def keyword_and_filler(text: Text) -> Decision | None:
    """Read keywords among words that change nothing; laughter makes them unclear."""
    core = [word for word in text.words if word not in words.LAUGHTER]
    laughed = not text.known.isdisjoint(words.LAUGHTER)
    decision = _filled(text, core)
    if decision is not None and laughed and decision.klass is KeywordClass.STOP:
        return unclear(text, "unclear.banter")
    return decision


def _filled(text: Text, said: list[str]) -> Decision | None:
    if text.known.isdisjoint(SINGLES) and words.STOP_SIGN not in text.known:
        return None
    core = [word for word in said if word not in words.POLITE]
    if not core:
        return stop(text, "keyword.filler") if words.STOP_SIGN in text.known else None
    if all(word in words.SINGLE_STOPS for word in core) or " ".join(core) in words.STOPPING:
        if "?" in text.folded and words.SINGLE_STRONG.isdisjoint(core):
            return unclear(text, "unclear.question")
        return stop(text, "keyword.filler", scope.of_words(said))
    bare = [word for word in core if word not in words.LOOSE and word not in words.HELP]
    if not bare:
        return None
    if not all(word in words.SINGLE_STOPS or word in words.START for word in bare):
        return None
    if any(word in words.START for word in bare):
        return unclear(text, "unclear.conflict" if len(set(bare)) > 1 else "unclear.opt_in")
    if any(word in words.SINGLE_STRONG for word in bare):
        return stop(text, "keyword.filler", scope.of_words(said))
    return None if "#" in text.known else unclear(text, "unclear.weak_word")


def unclear_keyword(text: Text) -> Decision | None:
    """Read words that may well be an opt-out or an opt-in."""
    core = " ".join(word for word in text.words if word not in words.POLITE)
    for said in (text.key, core):
        if said in words.NEAR_START:
            return unclear(text, "unclear.opt_in")
        if said in words.UNCLEAR or said in words.SOMETIMES_STOPPING:
            return unclear(text, "unclear.keyword")
    return None


def misspelled(text: Text) -> Decision | None:
    """Read a single word that is nearly a keyword."""
    core = [word for word in text.words if word not in words.POLITE]
    parted = 1 < len(core) <= FEW_WORDS and " ".join(core) in text.folded
    if parted and "".join(core) in words.SINGLE_STRONG:
        return stop(text, "keyword.spaced")
    if len(core) != 1:
        return None
    word = spelling.plain(core[0])
    if word in words.STOPPING or spelling.is_misspelled_keyword(word):
        return stop(text, "keyword.misspelled")
    if word in words.START:
        return unclear(text, "unclear.opt_in")
    return unclear(text, "unclear.misspelled") if spelling.is_near_keyword(word) else None
