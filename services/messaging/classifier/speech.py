"""Take out of a folded text what the person did not say: reactions, quotes, cards, links."""

import re
from typing import Final

LINK: Final = " urlurl "
"""Stands where a link or an e-mail address stood: `cancel <link>` is not `cancel`."""

_TAPBACK: Final = re.compile(
    r"""\s*(?:
    (?:dis)?liked|loved|emphasi[sz]ed|laughed\ at|questioned
    |reacted\ (?:with\ )?.{1,20}?\ to|removed\ an?\ [\w ]{1,24}?\ from
    |(?:no\ )?le\ (?:gusto|encanto)|me\ (?:gusto|encanto)|se\ rio\ de|enfatizo|cuestiono
    |reacciono\ (?:con\ )?.{1,20}?\ a
    |(?:a|avez)\ (?:aime|adore|mis\ en\ evidence|questionne)|a\ ri\ (?:de|a)|n'a\ pas\ aime
    |a\ reagi\ (?:avec\ |par\ )?.{1,20}?\ a
    |gefallt(?:\ mir)?|gefallt\ nicht|hat\ .{1,20}?\ (?:mit|auf)|liebt|lacht\ uber|betont|hebt\ hervor
    |curtiu|nao\ curtiu|amou|adorou|riu\ de|enfatizou|questionou|reagiu\ (?:com\ )?.{1,20}?\ a
    |ha\ messo\ mi\ piace\ a|piace|adora|ha\ riso\ (?:a|per|di)|ha\ reagito\ .{1,20}?\ a
    |[^\w"\s][^\w"]{0,16}(?:to|a|para|pour|zu|auf)
    )\ *:?\ *"
    """,
    re.VERBOSE,
)
_CARD: Final = re.compile(r"begin:v(?:card|calendar).*?(?:end:v(?:card|calendar)|\Z)", re.DOTALL)
_QUOTED_LINE: Final = re.compile(r"^[ \t]{0,8}>[^\n]*$", re.MULTILINE)
_ARROWS: Final = str.maketrans("<>", "  ")
_QUOTED_REST: Final = re.compile(
    r"^[ \t]{0,8}(?:-{2,9} ?(?:original|forwarded|weitergeleitete|mensaje|message)[^\n]{0,40}-{2,}"
    r"|(?:on|el|le|am|em|il) [^\n]{4,120}(?:wrote|escribio|a ecrit|schrieb|escreveu|ha scritto) ?:)"
    r".*\Z",
    re.MULTILINE | re.DOTALL,
)
_SIGNATURE: Final = re.compile(
    r"(?:^|\s)(?:sent (?:from|via|with|by)|get outlook for|enviado (?:desde|do|da|via)"
    r"|envoye (?:de|depuis|par|avec)|(?:von|mit) mein\w* \w+ gesendet|gesendet (?:von|mit)"
    r"|inviato (?:da|dal|con)|отправлено с)"
    r" (?:(?:my|mi|meu|mon|meinem|il mio|моего) )?"
    r"(?:iphone|ipad|android|samsung|galaxy|verizon|t-?mobile|at&t|mobile|phone|outlook|yahoo|gmail"
    r"|proton|blackberry|huawei|xiaomi|pixel|ios|movil|celular|telefon|handy|smartphone|telefono)"
    r"[^\n]{0,60}\s*\Z"
)
_PREFIX: Final = re.compile(r"\s*(?:(?:re|fwd?|aw|wg|rv|res|enc|tr|antw|rif)\s*:\s*){1,4}")
_LINK: Final = re.compile(
    r"(?:https?://|www\.)\S+|[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{2,63}"
    r"|\b[\w-]{1,63}(?:\.[\w-]{1,63}){0,3}\.(?:com|net|org|io|co|ly|us|info|biz|gov|edu|me|app|link)"
    r"\b(?:/\S*)?"
)


_MAY_BE_LINK: Final = re.compile(r"\.\w|://")
_MAY_BE_SIGNATURE: Final = re.compile("sent |outlook|enviado|envoye|gesendet|inviato|отправлено")


def spoken(folded: str) -> tuple[str, bool]:
    """Return what is left when everything that is not speech is gone, and whether it reacted.

    A text that is nothing but a reaction to a message leaves nothing.
    """
    reaction = _TAPBACK.match(folded) if '"' in folded else None
    if reaction is not None:
        folded = _after_quote(folded, reaction.end())
    if "begin:v" in folded:
        folded = _CARD.sub(" ", folded)
    if ">" in folded:
        folded = _without_quotes(folded)
    if "\n" in folded or "--" in folded:
        folded = _QUOTED_REST.sub("", folded)
    if ":" in folded:
        folded = _PREFIX.sub("", folded, count=1) if _PREFIX.match(folded) else folded
    if _MAY_BE_LINK.search(folded):
        folded = _LINK.sub(LINK, folded)
    if _MAY_BE_SIGNATURE.search(folded):
        folded = _SIGNATURE.sub("", folded)
    return folded, reaction is not None


def _after_quote(folded: str, start: int) -> str:
    closing = folded.rfind('"', start)
    return "" if closing < 0 else folded[closing + 1 :]


def _without_quotes(folded: str) -> str:
    left = _QUOTED_LINE.sub("", folded)
    if left.strip():
        return left
    alone = folded.translate(_ARROWS).strip()  # `>> STOP <<` is decoration
    return alone if len(alone.split()) <= 2 else left
