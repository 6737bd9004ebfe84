"""English: its words and rules, put together."""

from typing import Final

from services.messaging.classifier.english_clear import CLEAR
from services.messaging.classifier.english_elsewhere import ELSEWHERE, NEGATED
from services.messaging.classifier.english_unclear import UNCLEAR
from services.messaging.classifier.english_words import CLASSES
from services.messaging.classifier.grammar import Grammar

_MACROS: Final = {
    "recipient": "(me | my family | (my|these) (soft|kind|which){0,2} number{1,3})",
    "messages": "(det|kind){0,5} (message|category)",
    "any_message": "(det|kind){0,5} (message|category|one_message)",
    "stuff": "(any_message | (det|kind){0,3} thing{1,2})",
    "reaching": "contact (or contact){0,2}",
    "the_list": "(det|list_kind|you){0,5} list",
    # What may stand before a request, and make it one.
    "addressed": "(start | pause | soft | cease | you soft? modal{1,3} soft{0,2} | modal you soft{0,2}"
    " | you (soft|unknown|times){0,2} to soft{0,2} | ('youd'|'youll') soft? | do_not you soft{0,2})",
    "ask": "(addressed | (start|pause|soft) (?<!did) you soft{0,2})",
    # The same before a prohibition: "you never text me" is no request.
    "ask_not": "addressed",
    "wish": "(start | pause | soft | (?<!past_did) i | how) urge{0,6}",
    "ask_or_wish": "(ask | wish)",
    "i_say": "(start | pause | soft | i) soft{0,2}",
    # What may stand after one; anything else makes it unclear.
    "place_note": "(at|on|to|from) (my|these|det) (kind|which)? number",
    "new_clause": "(clause | these (am|neg|number) | it (am|neg) | 'or' (i|you|'else')"
    " | ('before'|'as') i | 'and' (soft|do_not|remove|take|leave|unsub|cease|lose|i))",
    "tail": "(please|thanks|swear|now|anymore|soft|you|how|place_note|digits|times){0,6}"
    " (end | (?=pause|new_clause))",
    "closed": "(please|thanks|swear|now|anymore|soft|digits|times){0,6} (end | (?=pause))",
    "polite_end": "(soft|swear|thanks|now|you|anymore){0,4} end",
    "opting_out": "(cease|unsub|weak|end_verb|remove|lose|switch off|take me off|opt me? out)",
    "its_object": "(me|my|number|contacting|sending|det|message|category|off|list|receive|it){0,6}",
    "not_ever": "(do_not|never|no_longer)",
    "wrong_one": "det? wrong kind? person",
    "my_number": "(my|these) (soft|kind|which){0,2} number{1,3}",
    "some_other": "the (?!(message|one_message|category|kind|number)) word",
    "from_you": "from (you | (these|your) word)",
    "tired": "(soft|please|now){0,2} anymore",
    "to_be_contacted": "(tail | (to|'for') you? to? (be|receive|contact|contacting|contacted|send|sending"
    "|message|one_message))",
}

_TRIGGERS: Final = (
    "cease", "weak", "neg", "removed", "sign", "end_verb", "switch", "unsub",
    "unsubbed", "opt", "remove", "revoke", "consent", "contact", "contacting", "contacted",
    "blowing", "send", "sending", "message", "one_message", "category", "lose", "alone", "away",
    "off_verb", "hostile", "lost", "wrong", "interested", "subscribe", "block", "enough", "begin",
    "done", "signed", "junk", "hate", "taken", "why", "list", "pausing", "no", "many", "number",
    "resident", "leave",
)  # fmt: skip

ENGLISH: Final = Grammar(
    CLASSES,
    (*NEGATED, *ELSEWHERE, *CLEAR, *UNCLEAR),
    macros=_MACROS,
    triggers=_TRIGGERS,
    limit_before="(contact 'only' | hedge (?! you (do_not|modal|keep|'wont')) | why (?! ('wont'|do_not|cannot) you))",
    filler="(many|soft|swear|thanks|please|now|you|your|i|am|digits|times|anymore|it|say|to|have)",
    bare="((neg|no) any{0,8} (message|category|one_message|contact|contacting|contacted|number|list|want)"
    "|(message|one_message|contact|number|list) any{0,5} (off|neg|no)|cease|unsub|unsubbed|remove|removed|lose|revoke|switch word{0,3} off|leave (me|my|these)"
    "|opt word{0,2} out|take (me|my|these) word{0,3} (off|out))",
    support="(neg|message|category|one_message|list|interested|unsub|hate|cease|contacting|anymore|block"
    "|consent|wrong|number|off_verb|remove|lose|never|not_ever|alone|away)",
    limit_after="(proviso | 'if' (?!you) | (start|pause|soft) contact (me|my) | (pause|start) 'just' contact"
    " | i (soft|am){0,2} contact you | ('im' | i am) (doing | busy (?!interested)))",
)
