"""Texts that a machine wrote: automatic answers, and messages like our own."""

import re
from typing import Final

from services.messaging.classifier.tokens import word_set

_AUTOMATIC: Final = tuple(
    (sign, re.compile(pattern))
    for sign, pattern in (
        ("disturb", r"\bdo not disturb (?:is |was )?(?:turned )?on\b|\bwith do not disturb\b"),
        ("focus", r"\bdriving focus\b|\bfocus (?:is )?turned on\b"),
        ("silenced", r"\bnotifications (?:are )?silenced\b"),
        (
            "driving",
            r"\bi'?\s?a?m driving\b.{0,60}\b(?:i'?ll|will) (?:see|get|call|text|reply|respond)",
        ),
        ("office", r"\bout of (?:the |my )?office\b"),
        ("auto", r"\bauto(?:mat(?:ic|ed))?[- ]?(?:reply|response|responder|message|text)\b"),
        (
            "automat",
            r"\b(?:respuesta|mensaje|resposta|mensagem|risposta|messaggio) automatic[oa]\b",
        ),
        ("automat", r"\b(?:reponse|message) automatique\b|\bautomatische (?:antwort|nachricht)\b"),
        ("monitored", r"\b(?:not|un) ?monitored\b|\bisn'?t monitored\b"),
        ("unattended", r"\b(?:is|are) unattended\b"),
        ("able to rec", r"\b(?:not|un) ?able to rec"),
        (
            "currently",
            r"\bcurrently (?:unavailable|away|closed|out)\b.{0,80}\b(?:get back|respond|reply|return)",
        ),
        (
            "for contacting",
            r"\b(?:thanks|thank you) for contacting\b.{0,200}\b(?:hours|get back|respond|shortly|as soon as|reply|team)",
        ),
        (
            "for reaching",
            r"\b(?:thanks|thank you) for reaching\b.{0,200}\b(?:hours|get back|respond|shortly|as soon as|reply|team)",
        ),
        (
            "for your",
            r"\b(?:thanks|thank you) for your (?:message|text)\b.{0,200}\b(?:hours|get back|respond|shortly|as soon as possible|reply stop|team)",
        ),
        ("reply s", r"\b(?:un|re)?(?:subscribed|opted)\b.{0,60}\breply (?:start|stop)\b"),
        (
            "subscribed",
            r"\byou (?:have |are |were )(?:been |now |successfully ){0,3}(?:un|re)?subscribed\b",
        ),
        ("opted", r"\byou (?:have |are |were )(?:been |now |successfully ){0,3}opted\b"),
        ("data rates", r"\b(?:msg|message) ?(?:&|and) ?data rates\b"),
        ("oficina", r"\bfuera de (?:la )?oficina\b"),
        ("conduciendo", r"\bestoy conduciendo\b"),
        ("manejando", r"\bestoy manejando\b"),
        ("dirigindo", r"\bestou dirigindo\b"),
        ("escritorio", r"\bfora do escritorio\b"),
        ("absent", r"\babsente? du bureau\b"),
        ("volant", r"\bje suis au volant\b"),
        ("conduis", r"\bje conduis\b.{0,60}\b(?:rappel|repond)"),
        ("abwesenheits", r"\babwesenheits"),
        ("buro", r"\bnicht im buro\b"),
        ("fuori", r"\bfuori (?:sede|ufficio)\b"),
        ("автоответ", r"автоответ"),
    )
)
"""Words that show it, each with the sentence they must be part of."""
_TELLING: Final = word_set(
    "reply text txt send respond type say write stop help info responda responde envie envia "
    "repondez envoyez antworten antworte rispondi invia"
)
_TOLD: Final = word_set(
    "stop stopall unsubscribe end quit cancel optout help info start alto parar sair arret baja stopp"
)
_INSTRUCTION: Final = re.compile(
    r"""
    \b(?:reply|text|txt|send|respond|type|say|write|responda|responde|envie|envia|repondez|envoyez|antworten\ sie
      |antworte|rispondi|invia)
    \ (?:back\ )?(?:with\ |con\ |com\ |mit\ |par\ |the\ word\ )?["'(*]{0,2}
    (?:stop|stopall|unsubscribe|end|quit|cancel|optout|alto|parar|sair|arret|baja|stopp|help|info|start)
    ["')*]{0,2}\ ?(?:au\ \d+\ ?|al\ \d+\ ?|to\ \d+\ ?)?
    (?:to|2|for|if|and|at|anytime|=|-|,|para|pour|per|um|zum|a|al)\b"""
    r"""|\b(?:stop|end|quit|cancel)\ ?(?:=|2|to)\ ?(?:stop|end|quit|cancel|opt[- ]?out|unsubscribe)"""
    r"""|\bstop\ (?:au|al)\ \d{4,6}|\b(?:help|info)\ (?:for|4)\ (?:help|info)""",
    re.VERBOSE,
)
_A_PERSON: Final = re.compile(
    r"\b(?:i|ive|im|id|i've|i'm|me|my|already|still|keep|keeps|didn'?t|doesn'?t|does|did|what|why|how"
    r"|mean|means|yo|ya|je|ich|eu|io)\b"
)


def is_automatic(folded: str) -> bool:
    """Say whether a phone or a mailbox seems to have answered by itself."""
    return any(sign in folded and pattern.search(folded) for sign, pattern in _AUTOMATIC)


def instructs(folded: str, words: frozenset[str]) -> bool:
    """Say whether a text tells somebody how to opt out or get help, as our own messages do."""
    if words.isdisjoint(_TOLD) or words.isdisjoint(_TELLING):
        return False
    return _INSTRUCTION.search(folded) is not None


def without_instructions(folded: str) -> str:
    """Return what a text says around its instructions."""
    return _INSTRUCTION.sub(" . ", folded)


def speaks_of_itself(around: str) -> bool:
    """Say whether a person speaks around instructions: asks about them, or says they failed."""
    return _A_PERSON.search(around) is not None
