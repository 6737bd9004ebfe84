"""The ordered rules: the first that has something to say decides."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.messaging.classifier import machines, scope, spelling, unspaced, words
from services.messaging.classifier.context import Context
from services.messaging.classifier.decision import Decision, KeywordClass, Scope, Sender
from services.messaging.classifier.english import ENGLISH
from services.messaging.classifier.french import FRENCH
from services.messaging.classifier.german import GERMAN
from services.messaging.classifier.grammar import Finding, Outcome
from services.messaging.classifier.italian import ITALIAN
from services.messaging.classifier.normalization import fold, strict
from services.messaging.classifier.portuguese import PORTUGUESE
from services.messaging.classifier.russian import RUSSIAN
from services.messaging.classifier.spanish import SPANISH
from services.messaging.classifier.speech import LINK, spoken
from services.messaging.classifier.tokens import key, spelled, tokens, word_set
from services.messaging.classifier.tokens import words as words_of

_ALSO_ENGLISH: Final = word_set("quite retire plus nerve tire promos para pare son sale")
_OTHER_GRAMMARS: Final = tuple(
    (grammar, grammar.triggers - ENGLISH.vocabulary - _ALSO_ENGLISH)
    for grammar in (SPANISH, FRENCH, PORTUGUESE, GERMAN, ITALIAN, RUSSIAN)
)
"""The grammars, each with the words that show that a text is in its language."""
_SINGLE_LETTERS: Final = frozenset("bcdefghjklmnopqrstvwxyz")
_STRETCHED: Final = re.compile(r"([a-z])\1{2,}")
_TALK_OF_MESSAGES: Final = word_set(
    "text texts texting message messages messaging sms me contacting calling sending txt txting"
)
_GLUED: Final = re.compile(
    r"\bstop(please|pls|plz|thanks|thx|now|texting|txting|messaging|calling|sending|messages?"
    r"|texts?|txts?|sms|spam|already|asap)\b"
)
"""STOP typed without the space after it."""
_LEET: Final = re.compile("[a-z][013457][a-z]")
_FEW_WORDS: Final = 8
_VERY_FEW_WORDS: Final = 3
_PLAIN: Final = Context()


@dataclass(slots=True)
class _Text:
    """A text and the forms of it that rules look at."""

    raw: str
    folded: str
    tokens: list[str]
    words: list[str]
    known: frozenset[str]
    key: str
    context: Context
    reacted: bool

    def is_one_of(self, entries: frozenset[str]) -> bool:
        """Say whether the whole message is an entry of a list."""
        return self.key in entries


def classify(
    text: str | None, *, subject: str | None = None, context: Context = _PLAIN
) -> Decision:
    """Say what a text asks for, or the subject where there is no text. Never fails."""
    if context.sender is Sender.OUR_NUMBER:
        return Decision(KeywordClass.NONE, "sender.our_own")
    if context.sender is Sender.NO_REPLY:
        return Decision(KeywordClass.NONE, "sender.not_a_phone_number")
    raw = text or ""
    folded = fold(raw)
    if not folded.strip():
        raw = subject or ""
        folded = fold(raw)
    return _decide(_read(raw, folded, context))


def _read(raw: str, folded: str, context: Context) -> _Text:
    said, reacted = spoken(folded)
    if _STRETCHED.search(said):
        said = _STRETCHED.sub(r"\1", said)
    if "stop" in said:
        said = _GLUED.sub(r"stop \1", said)
    found = tokens(said)
    known = frozenset(found)
    if len(known & _SINGLE_LETTERS) > 1:
        said = spelled(said, words.SPELLED_OUT)
        found = tokens(said)
        known = frozenset(found)
    if "un" in said or _LEET.search(said):
        corrected = {token: _corrected(token) for token in known}
        found = [corrected[token] for token in found]
        known = frozenset(found)
    slips = _slips_corrected(known)
    if slips:
        found = [slips.get(token, token) for token in found]
        known = frozenset(found)
    spoken_words = words_of(found)
    return _Text(raw, said, found, spoken_words, known, " ".join(spoken_words), context, reacted)


def _corrected(token: str) -> str:
    if token in ENGLISH.vocabulary:
        return token
    if not token.isalpha() and token.isalnum():
        plain = spelling.plain(token)
        return plain if plain in ENGLISH.triggers else token
    if token.startswith("un") and spelling.is_misspelled_keyword(token):
        return "unsubscribe"
    return token


def _slips_corrected(known: frozenset[str]) -> dict[str, str]:
    """Return the keywords for words that are typed badly beside talk of messages."""
    if known.isdisjoint(_TALK_OF_MESSAGES):
        return {}
    strange = known - ENGLISH.vocabulary
    return {token: word for token in strange if (word := spelling.slip_of(token)) is not None}


def _decide(text: _Text) -> Decision:
    for rule in _WHOLE_MESSAGE:
        decision = rule(text)
        if decision is not None:
            return decision
    plain = text.folded.isascii() and text.known.isdisjoint(_ANY_SIGN)
    for rule in _PLAIN_TEXT if plain else _RULES:
        decision = rule(text)
        if decision is not None:
            return decision
    return _none(text, "none")


def _none(text: _Text, rule_id: str) -> Decision:
    return Decision(KeywordClass.NONE, rule_id, normalized=text.key)


def _unclear(text: _Text, rule_id: str) -> Decision:
    return Decision(KeywordClass.AMBIGUOUS, rule_id, normalized=text.key)


def _stop(text: _Text, rule_id: str, reach: Scope = Scope.NUMBER, program: str = "") -> Decision:
    return Decision(KeywordClass.STOP, rule_id, reach, program, normalized=text.key)


def _start(text: _Text, rule_id: str) -> Decision:
    return Decision(KeywordClass.START, rule_id, Scope.NUMBER, normalized=text.key)


# Whole messages.


def _nothing_said(text: _Text) -> Decision | None:
    if text.words:
        return None
    if text.reacted:
        return _none(text, "reaction")
    if words.STOP_SIGN in text.known:
        return _stop(text, "sign.stop")
    if not text.known.isdisjoint(words.HOSTILE_SIGNS):
        return _unclear(text, "sign.hostile")
    return _none(text, "none.no_words")


def _custom_keyword(text: _Text) -> Decision | None:
    klass = text.context.keywords.get(text.key)
    if klass is None:
        return None
    if klass is KeywordClass.START and not _is_strictly(text, text.key):
        return _unclear(text, "unclear.opt_in")
    reach = Scope.NUMBER if klass in (KeywordClass.STOP, KeywordClass.START) else Scope.NOTHING
    return Decision(klass, f"custom.{klass}", reach, normalized=text.key)


def _stop_keyword(text: _Text) -> Decision | None:
    if text.key in words.STOPPING:
        if not text.known.isdisjoint(words.LAUGHTER):
            return _unclear(text, "unclear.banter")
        return _stop(text, "whole_message.stop", scope.of_words(text.words))
    for language in text.context.languages:
        if text.key in words.HINTED.get(language, ()):
            return _stop(text, "whole_message.stop_in_language")
    return None


def _start_keyword(text: _Text) -> Decision | None:
    if text.key not in words.START:
        return None
    if "?" in text.folded or not _is_strictly(text, text.key):
        return _unclear(text, "unclear.opt_in")
    return _start(text, "whole_message.start")


def _is_strictly(text: _Text, word: str) -> bool:
    """Say whether the carrier would read the same word: no look-alikes, no spelling out."""
    return word in strict(text.raw)


def _help_keyword(text: _Text) -> Decision | None:
    if text.known.isdisjoint(words.HELP):
        return None
    core = {word for word in text.words if word not in words.POLITE and word != "me"}
    if text.key in words.HELP or (core and core <= words.HELP and len(text.words) <= _FEW_WORDS):
        return Decision(KeywordClass.HELP, "whole_message.help", normalized=text.key)
    return None


def _pending_opt_in(text: _Text) -> Decision | None:
    if not text.context.pending_opt_in:
        return None
    core = " ".join(word for word in text.words if word not in words.POLITE) or text.key
    if text.key in words.YES or core in words.YES:
        return _start(text, "pending.yes")
    return _unclear(text, "pending.nearly_yes") if core in words.NEARLY_YES else None


def _automatic(text: _Text) -> Decision | None:
    if machines.is_automatic(text.folded):
        return _none(text, "bot.automatic")
    return None


def _line(text: _Text) -> Decision | None:
    if "\n" not in text.folded.strip():
        return None
    lines = [found for found in map(key, text.folded.split("\n")) if found]
    if any(line in words.START for line in lines):
        conflict = any(line in words.STOPPING for line in lines)
        return _unclear(text, "unclear.conflict") if conflict else None
    if any(line in words.STRONG for line in lines):
        return _stop(text, "line.stop", scope.of_words(text.words))
    if any(line in words.STOPPING for line in lines):
        others = (line for line in lines if line not in words.STOPPING)
        polite = all(words.POLITE.issuperset(line.split()) for line in others)
        return _stop(text, "line.stop") if polite else _unclear(text, "unclear.line")
    return None


_TELLING: Final = word_set("reply text txt send respond type")
_LEADS: Final = _TELLING | word_set("with back the word")
_LINKS: Final = word_set("to 2 for")
_ECHOED: Final = word_set(
    "stop end quit cancel optout unsubscribe remove receiving getting receive get messages "
    "texts alerts message text msgs sms from us this number all future any anymore at time me "
    "to list your our out opt more"
)
_JOINED_ECHO: Final = re.compile(
    r"(?:stop|end|quit|cancel|unsubscribe)(?:2|to)(?:stop|end|quit|cancel|unsubscribe|optout)"
)


def _echo(text: _Text) -> Decision | None:
    """Look for a message that is nothing but our own instruction: `reply STOP to end`."""
    if _JOINED_ECHO.fullmatch(text.key):
        return _stop(text, "echo.instruction")
    if not text.known.isdisjoint(_TELLING | _LINKS):
        rest = list(text.words)
        while rest and rest[0] in _LEADS:
            rest.pop(0)
        led = text.words[0] in _TELLING
        keyword = words.SINGLE_STOPS if led else words.SINGLE_STRONG
        if rest and rest[0] in keyword:
            goes_on = rest[1:2] and rest[1] in _LINKS and len(rest) > 2
            if (led and len(rest) == 1) or (goes_on and all(_is_echo(each) for each in rest[2:])):
                return _stop(text, "echo.instruction")
    return None


def _is_echo(word: str) -> bool:
    return word in _ECHOED or word in words.POLITE or word.isdigit()


_SINGLES: Final = (
    words.SINGLE_STOPS
    | words.START
    | frozenset(word for entry in words.STOPPING if " " in entry for word in entry.split())
)
_CODE: Final = re.compile(r"\d{4,}")


def _keyword_and_name(text: _Text) -> Decision | None:
    if len(text.words) < 2 or text.words[0] not in words.SINGLE_STRONG:
        return None
    name = " ".join(word for word in text.words[1:] if word not in words.POLITE)
    if name in text.context.programs:
        return _stop(text, "keyword.program", Scope.PROGRAM, name)
    return _stop(text, "keyword.code") if _CODE.fullmatch(name) else None


def _keyword_and_filler(text: _Text) -> Decision | None:
    core = [word for word in text.words if word not in words.LAUGHTER]
    laughed = not text.known.isdisjoint(words.LAUGHTER)
    decision = _filled(text, core)
    if decision is not None and laughed and decision.klass is KeywordClass.STOP:
        return _unclear(text, "unclear.banter")
    return decision


def _filled(text: _Text, said: list[str]) -> Decision | None:
    if text.known.isdisjoint(_SINGLES) and words.STOP_SIGN not in text.known:
        return None
    core = [word for word in said if word not in words.POLITE]
    if not core:
        return _stop(text, "keyword.filler") if words.STOP_SIGN in text.known else None
    if all(word in words.SINGLE_STOPS for word in core) or " ".join(core) in words.STOPPING:
        if "?" in text.folded and words.SINGLE_STRONG.isdisjoint(core):
            return _unclear(text, "unclear.question")
        return _stop(text, "keyword.filler", scope.of_words(said))
    bare = [word for word in core if word not in words.LOOSE and word not in words.HELP]
    if not bare:
        return None
    if not all(word in words.SINGLE_STOPS or word in words.START for word in bare):
        return None
    if any(word in words.START for word in bare):
        return _unclear(text, "unclear.conflict" if len(set(bare)) > 1 else "unclear.opt_in")
    if any(word in words.SINGLE_STRONG for word in bare):
        return _stop(text, "keyword.filler", scope.of_words(said))
    return None if "#" in text.known else _unclear(text, "unclear.weak_word")


def _unclear_keyword(text: _Text) -> Decision | None:
    core = " ".join(word for word in text.words if word not in words.POLITE)
    for said in (text.key, core):
        if said in words.NEAR_START:
            return _unclear(text, "unclear.opt_in")
        if said in words.UNCLEAR or said in words.SOMETIMES_STOPPING:
            return _unclear(text, "unclear.keyword")
    return None


def _misspelled(text: _Text) -> Decision | None:
    core = [word for word in text.words if word not in words.POLITE]
    if 1 < len(core) <= _FEW_WORDS and "".join(core) in words.SINGLE_STRONG:
        return _stop(text, "keyword.spaced")
    if len(core) != 1:
        return None
    word = spelling.plain(core[0])
    if word in words.STOPPING or spelling.is_misspelled_keyword(word):
        return _stop(text, "keyword.misspelled")
    if word in words.START:
        return _unclear(text, "unclear.opt_in")
    return _unclear(text, "unclear.misspelled") if spelling.is_near_keyword(word) else None


# Sentences.


def _instruction(text: _Text) -> Decision | None:
    if not machines.instructs(text.folded, text.known):
        return None
    around = machines.without_instructions(text.folded)
    if not machines.speaks_of_itself(around):
        if len(words_of(tokens(around))) <= _VERY_FEW_WORDS:
            return _unclear(text, "unclear.instruction")
        return _none(text, "bot.instruction")
    decision = _sentences(_read(text.raw, around, text.context))
    if decision is not None and decision.klass is KeywordClass.STOP:
        return decision
    return _unclear(text, "unclear.instruction")


def _sentences(text: _Text) -> Decision | None:
    found = _foreign(text)
    if found is not None and found.klass is KeywordClass.STOP:
        return found
    if text.known.isdisjoint(ENGLISH.triggers):
        return found
    finding, tags = ENGLISH.read(text.tokens)
    if finding is not None and finding.outcome is Outcome.STOP:
        return _of_finding(text, finding)
    complaint = found.rule_id if found else finding.rule_id if finding else ""
    if complaint in _COMPLAINTS and (_ALONE.search(tags) or _CLOSING.search(tags)):
        return _of_finding(text, Finding("combined.stop", Outcome.STOP, ()))
    return found or (_of_finding(text, finding) if finding else _left_over(text, tags))


_COMPLAINTS: Final = frozenset(
    f"unclear.{reason}"
    for reason in (
        *("complaint", "refusal", "no_messages", "keep_contacting", "too_many", "never_agreed"),
        *("not_interested", "block", "wrong_party", "not_my_number", "off_list", "remove"),
        *(
            "not_wanted",
            "no_thanks",
            "consent",
            "why_me",
            "unsubscribe",
            "do_not_contact",
            "enough",
        ),
    )
)
"""What makes a STOP beside it clear: `Stop. I hate these texts.`"""


def _foreign(text: _Text) -> Decision | None:
    unclear: Decision | None = None
    for grammar, signs in _OTHER_GRAMMARS:
        if text.known.isdisjoint(signs):
            continue
        finding, _ = grammar.read(text.tokens)
        if finding is not None and finding.outcome is Outcome.STOP:
            return _of_finding(text, finding)
        if finding is not None:
            unclear = unclear or _of_finding(text, finding)
    if text.folded.isascii():
        return unclear
    match unspaced.read(text.folded):
        case (rule_id, Outcome.STOP):
            return _stop(text, rule_id)
        case (rule_id, _):
            return unclear or _unclear(text, rule_id)
    return unclear


def _of_finding(text: _Text, finding: Finding) -> Decision:
    if finding.outcome is not Outcome.STOP:
        return _unclear(text, finding.rule_id)
    if not text.known.isdisjoint(words.LAUGHTER):
        return _unclear(text, "unclear.banter")
    if finding.rule_id == "phrase.unsubscribe" and LINK.strip() in text.known:
        return _unclear(text, "unclear.link")
    reach, program = scope.of_finding(finding)
    return _stop(text, finding.rule_id, reach, program)


_STRONG: Final = ENGLISH.pattern("stop")
_CLOSING: Final = ENGLISH.pattern(
    "stop (soft|swear){0,2} end | start soft{0,2} stop (?= i | not | no | do_not)"
)
_ALONE: Final = ENGLISH.pattern("start soft{0,2} stop (soft|swear|these|it){0,2} (end|pause)")
_FIRST: Final = ENGLISH.pattern("stop")
_ENDING: Final = ENGLISH.pattern("(please|to) soft? stop (please|now|thanks|it|these){0,2} end")
_MESSAGES: Final = ENGLISH.pattern("(message|one_message|contacting)")
_WEAK: Final = ENGLISH.pattern("weak")
_UNKNOWN: Final = ENGLISH.pattern("(unknown|digits|doing)")
_OTHER_PERSON: Final = re.compile(
    r"\b(?:[Tt]his is not|[Tt]his isn.t|[Tt]here is no|I.?m not) [A-Z][a-z]+\b"
)
_SHOUTED: Final = re.compile(r"\b(?:STOP|UNSUBSCRIBE|QUIT)\b")


def _left_over(text: _Text, tags: str) -> Decision | None:
    if _STRONG.search(tags):
        short = len(text.words) <= _FEW_WORDS
        telling = (_ALONE, _ENDING, _MESSAGES)
        if short or _FIRST.match(tags) or any(each.search(tags) for each in telling):
            return _unclear(text, "unclear.strong_word")
        if _SHOUTED.search(text.raw) and not text.raw.isupper():
            return _unclear(text, "unclear.strong_word")
    if _OTHER_PERSON.search(text.raw):
        return _unclear(text, "unclear.other_person")
    if len(text.words) <= _VERY_FEW_WORDS and _WEAK.search(tags) and not _UNKNOWN.search(tags):
        return _unclear(text, "unclear.weak_word")
    return None


_Rules = tuple[Callable[[_Text], Decision | None], ...]
_WHOLE_MESSAGE: Final[_Rules] = (
    _nothing_said,
    _custom_keyword,
    _stop_keyword,
    _start_keyword,
    _pending_opt_in,
    _help_keyword,
    _unclear_keyword,
)
_RULES: Final[_Rules] = (
    _line,
    _automatic,
    _echo,
    _keyword_and_name,
    _keyword_and_filler,
    _misspelled,
    _instruction,
    _sentences,
)
_PLAIN_TEXT: Final[_Rules] = (_automatic, _misspelled)
"""What is left to ask of a text without a single word that any other rule looks at."""
_ANY_SIGN: Final = frozenset().union(
    _SINGLES, words.HELP, ENGLISH.triggers, *(signs for _, signs in _OTHER_GRAMMARS)
)
