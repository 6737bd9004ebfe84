"""Texts that a machine wrote: automatic answers, and messages like our own."""

import re
from typing import Final

_HINTS: Final = frozenset(
    ["disturb", "driving", "focus", "office", "auto", "automatic", "automated", "automatically", "autoreply", "autoresponder", "unavailable", "vacation", "leave", "monitored", "unattended", "mailbox", "abwesend", "abwesenheit", "automatische", "automatico", "automatica", "automatique", "automatisch", "ausente", "absent", "ferie", "vacaciones", "ferias", "conges", "urlaub", "reply", "text", "send", "txt", "respond", "respondez", "repondez", "envoyez", "responda", "envie", "responde", "envia", "antworten", "antworte", "rispondi", "invia", "rates", "unsubscribed", "opted", "subscribed", "resubscribed", "busy", "contacting", "reaching", "conduciendo", "manejando", "dirigindo", "conduis", "fahre", "stop", "msg", "hours"]
)
_AUTOMATIC: Final = re.compile(
    r"""
    do\ not\ disturb\ (?:is\ |was\ )?(?:turned\ )?on | with\ do\ not\ disturb | driving\ focus
    | focus\ (?:is\ )?turned\ on | notifications\ silenced
    | \bi'?\ ?a?m\ driving\b.{0,60}\b(?:i'?ll|will)\ (?:see|get|call|text|reply|respond)
    | \bout\ of\ (?:the\ |my\ )?office\b | \bauto(?:mat(?:ic|ed))?[- ]?(?:reply|response|responder|message)\b
    | \bautoreply\b | this\ is\ an\ automat
    | \b(?:number|inbox|mailbox|line|account)\ (?:is|are)\ (?:not|un)\ ?(?:monitored|attended|able)
    | \b(?:number|inbox|mailbox|line)\ (?:is\ not|isn'?t|does\ not|doesn'?t|cannot|can'?t)\ (?:monitored|accept|receive|being)
    | \bcurrently\ (?:unavailable|away|closed|out)\b.{0,80}\b(?:get\ back|respond|reply|return)
    | \b(?:thanks|thank\ you)\ for\ (?:contacting|reaching\ out|texting|messaging|your\ (?:message|text))\b
      .{0,200}\b(?:hours|get\ back|respond|shortly|as\ soon\ as|reply|representative|team)
    | \b(?:reset|reconnect|opted|unsubscribed|subscribed|resubscribed)\b.{0,60}\breply\ (?:start|stop|help|unstop)
    | \byou\ (?:have|are|were)\ (?:been\ |now\ |successfully\ ){0,3}(?:un|re)?(?:subscribed|opted)
    | \b(?:msg|message)\ ?(?:&|and)\ ?data\ rates | \bfrom\ this\ sender
    | \bfuera\ de\ (?:la\ )?oficina\b | \brespuesta\ automatica | \bmensaje\ automatico
    | \bestoy\ (?:conduciendo|manejando)\b | \bresposta\ automatica | \bmensagem\ automatica
    | \bestou\ dirigindo\b | \bfora\ do\ escritorio | \breponse\ automatique | \babsent(?:e)?\ du\ bureau
    | \bje\ (?:suis\ au\ volant|conduis) | \babwesenheits | \bautomatische\ antwort | \bnicht\ im\ buro
    | \brisposta\ automatica | \bfuori\ (?:sede|ufficio) | автоответ
    """,
    re.VERBOSE,
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


def is_automatic(folded: str, words: frozenset[str]) -> bool:
    """Say whether a phone or a mailbox seems to have answered by itself."""
    return not words.isdisjoint(_HINTS) and _AUTOMATIC.search(folded) is not None


def instruction(folded: str, words: frozenset[str]) -> re.Match[str] | None:
    """Return where a text tells somebody how to opt out or get help, as our own messages do."""
    return None if words.isdisjoint(_HINTS) else _INSTRUCTION.search(folded)


def speaks_of_itself(folded: str, told: re.Match[str]) -> bool:
    """Say whether a person speaks around an instruction: asks about it, or says it did not work."""
    return _A_PERSON.search(folded[: told.start()] + " " + folded[told.end() :]) is not None
