"""English sentences that ask for no more messages, and those that only sound like it."""

from typing import Final

from services.messaging.classifier.english_words import CLASSES
from services.messaging.classifier.grammar import Grammar, nothing, stop, unclear

_MACROS: Final = {
    "recipient": "(me | my soft? number{1,3} | these number{1,3} | my kind? number)",
    "messages": "(det|kind){0,5} (message|category)",
    "any_message": "(det|kind){0,5} (message|category|one_message)",
    "reaching": "contact (or contact){0,2}",
    # What may stand before a request, and make it one.
    "ask": "(start | pause | soft | you modal{0,3} soft{0,2} | modal you soft{0,2} | you not? to soft{0,2}"
    " | do_not you soft{0,2})",
    # The same before a prohibition: "you never text me" is no request.
    "ask_not": "(start | pause | soft | you modal{1,3} soft{0,2} | modal you soft{0,2}"
    " | you not? to soft{0,2} | do_not you soft{0,2})",
    "i_say": "(start | pause | soft | i)",
    "wish": "(start | pause | soft | i | how) urge{0,6}",
    # What may stand after one; anything else makes it unclear.
    "place_note": "(at|on|to|from) (my|these|det) kind? number",
    "tail": "(please|thanks|swear|now|anymore|soft|you|place_note|digits|times){0,6} (end|pause|clause)",
    "the_list": "(det|list_kind|you){0,5} list",
}

_NEGATED: Final = (
    nothing("not.dont_stop", "(?<!you)(?<!it)(do_not|never) you? soft{0,2}"
            " (cease|unsub|weak|end_verb|remove|switch off|take me off|opt me? out)"
            " (me|my|number|contacting|sending|det|message|category|off|list|receive|it){0,6}"),
    nothing("not.cant_stop", "(?<!you) cannot seem? to? stop (doing|unknown|end|pause)"),
    nothing("not.want_to_stop", "(do_not|never|not|no) (want|reason) you? to? be?"
            " (cease|unsub|weak|end_verb|removed|opt me? out|taken off)"
            " (me|my|contacting|sending|det|message|category|off|list|receive|it){0,6}"),
    nothing("not.asking", "not (say|mean) (you|'that'){0,2} to? (cease|unsub|weak)"),
    nothing("not.forget", "(do_not|never) soft? forget to? (contact|send)?"),
    nothing("not.why_dont_you", "why do_not (you|i) (contact|send)"),
    nothing("not.got", "(past_not|not|never) soft? got (?!det{0,2} more) word{0,4}"
            " (message|one_message|category|contact)"),
    nothing("not.arrived", "(message|one_message|category) word{0,3} (neg|past_not) going"),
)
_ELSEWHERE: Final = (
    nothing("other.stop_noun", "(before_stop stop (?!request) after_stop? | stop after_stop)"),
    nothing("other.stop_and_go", "stop and and_go"),
    nothing("other.stop_place", "stop (place | at (?!once) | on det way | to (unknown|and_go|got) |"
            " for (?!good)(?!all))"),
    nothing("other.stop_doing", "cease (being | doing (?!me))"),
    nothing("other.stopped", "(?<!how) past_did (you|it|i|other) soft? cease"),
    nothing("other.i_stop", "i intend{1,4} cease (contacting|sending) (?!me)"),
    nothing("other.metrics", "(unsub|unsubbed) metric"),
    nothing("other.wrong_number", "wrong number of | i gave word{0,2} wrong person | gave det? wrong number"),
    nothing("other.waiting_list", "off det{0,2} waiting list?"),
    nothing("other.if_you_want", "if you (want|modal){1,3} to? (unsub|cease|opt out)"),
)
_CLEAR: Final = (
    stop("phrase.stop_contacting",
         "ask cease soft{0,2} (contacting (or contacting){0,2} (recipient{0,1} (any_message|thing){0,1})"
         " | sending (to? recipient)? (any_message|thing){0,1} place_note? | blowing (me|up|my|number){1,4}) tail"),
    stop("phrase.stop_receiving", "(ask | wish) cease receive (any_message | det? thing) place_note? tail"),
    stop("phrase.stop_messages", "(ask | wish) cease soft{0,2} any_message (to recipient)? tail"),
    stop("phrase.do_not_contact",
         "ask_not (do_not|never|no_longer) (soft|be){0,3} (reaching|contacting) recipient tail"),
    stop("phrase.do_not_contact", "(soft|you modal{1,2}) (no_longer|never) soft? reaching recipient tail"),
    stop("phrase.do_not_contact", "(you|soft|start|pause|want|rather) not (to|be|'ever'){0,2}"
         " (reaching|contacting) recipient tail"),
    stop("phrase.do_not_contact", "you (modal not|cannot) (be)? (reaching|contacting) recipient tail"),
    stop("phrase.do_not_contact", "you? am not allowed to contact recipient tail"),
    stop("phrase.do_not_contact",
         "(start|pause|soft) do_not soft? reaching (anymore|now|please|thanks|swear){0,3} end"),
    stop("phrase.do_not_send",
         "ask_not (do_not|never|no_longer) soft{0,2} (send|sending) (to? recipient)?"
         " ((det|kind){0,4} (message|category) | (det|kind){0,3} quantity (kind)? one_message |"
         " soft? (det){0,2} these thing? | quantity | quantity? thing anymore) (to? recipient)? tail"),
    stop("phrase.do_not_send", "ask_not (do_not|never|no_longer) soft{0,2} send me (kind|det)? thing tail"),
    stop("phrase.no_more",
         "(start | pause | soft | want) no more (kind|det){0,3} (message|category|one_message|contacting)"
         " (to recipient|from you)? tail"),
    stop("phrase.no_messages", "(start|pause|soft) no kind{0,2} (message|'texting') (please|thanks){1,3} end"),
    stop("phrase.not_wanted",
         "i_say soft{0,2} (do_not|never|no_longer) soft{0,2} want you? (to)?"
         " (receive (det|kind){0,5} (message|category|one_message|contact|thing) | any_message | hear from you"
         " | receive from you | be contacted ('by' you)? | be on the_list | contacting recipient"
         " | contact recipient | send me (any_message|thing)) (from you)? tail"),
    stop("phrase.not_wanted",
         "rather not (to)? (receive (any_message|det? thing) | be contacted) (from you)? tail"),
    stop("phrase.remove_me",
         "(ask | wish) remove recipient (number|and|or|my|name){0,3} (off of? the_list (and the_list)?)? tail"),
    stop("phrase.take_me_off",
         "(ask | wish) take (recipient){0,1} off of? (the_list (and the_list)? | det{0,2} message) tail"),
    stop("phrase.take_me_off", "(ask | wish) take recipient off tail"),
    stop("phrase.take_me_off", "i want off of? the_list tail"),
    stop("phrase.be_removed", "(wish | have recipient be?) (removed|taken) off? the_list tail"),
    stop("phrase.be_removed", "wish be removed tail"),
    stop("phrase.unsubscribe",
         "(ask | wish) unsub (recipient)? (from the_list | (from|of)? (any_message|det? thing|you|all))? tail"),
    stop("phrase.opt_me_out", "(ask | wish) opt recipient out (of|from)? (the_list|any_message|thing|all)? tail"),
    stop("phrase.unsubscribed_already", "(start|pause|i) ((have|times|soft){1,3} unsubbed | unsubbed (times|digits){1,3}) tail"),
    stop("phrase.revoke_consent", "(ask | wish) revoke (det|soft|my|kind){0,3} consent"),
    stop("phrase.no_consent", "you (do_not|no_longer) have (my|det){0,2} consent"),
    stop("phrase.no_consent", "i (do_not|no_longer) gave_you? you? (my|det)? consent"),
    stop("phrase.leave_me_alone", "ask leave me swear{0,3} alone tail"),
    stop("phrase.go_away", "(start|pause) soft{0,2} go (soft|swear){0,2} away (soft|thanks|swear|now){0,3} end"),
    stop("phrase.off", "(start|pause) (soft|you|swear){0,2} off_verb (soft|swear){0,2} off (soft|swear|you|thanks|now){0,3} end"),
    stop("phrase.lose_my_number", "ask lose (my|these) kind? number tail"),
    stop("phrase.get_lost", "start soft{0,2} take lost (soft|swear){0,2} end"),
    stop("wrong_party.number", "(start|pause) (soft|i|it|you|am|'think'|'believe'|'its'){0,4} (these am?)? (det)? wrong person tail"),
    stop("wrong_party.number", "you (modal|am|soft|have){0,3} reach (det){0,1} wrong person"),
    stop("wrong_party.number", "these (am|be|soft){0,2} det? wrong (person)"),
    stop("phrase.cancel_messages", "(ask | wish) (end_verb (det|my|kind|me){0,4} (message|program|marketing|'spam')"
         " | switch off (det|my|kind){0,4} (message|program|marketing) | switch (det|my|kind){0,4} (message|program|marketing) off) tail"),
    stop("phrase.said_stop", "i (have|soft|am|times|be){0,4} say{1,2} (you|these|to|det|word|pause){0,4}"
         " (stop|unsub|cease) (tail|times|and)"),
)
_UNCLEAR: Final = (
    unclear("unclear.stop_contacting", "(cease) soft{0,2} (contacting|sending|blowing)"),
    unclear("unclear.stop_messages", "cease (det|kind){0,5} (message|category|one_message)"),
    unclear("unclear.do_not_contact", "(do_not|never|no_longer) soft{0,2} (contact|contacting) (me|recipient|pause|end)"),
    unclear("unclear.do_not_send", "(do_not|never|no_longer) soft{0,2} (send|sending) (me|det|message)"),
    unclear("unclear.unsubscribe", "(unsub | opt (me|it)? out)"),
    unclear("unclear.unsubscribed", "(i|am) (am|have|not|be|soft|past_not){0,3} (past_not)? unsubbed|unsubbed"),
    unclear("unclear.remove", "remove recipient|take recipient off"),
    unclear("unclear.removed", "(be|have) (removed|taken) off the_list"),
    unclear("unclear.off_list", "off (your|these) the_list"),
    unclear("unclear.wrong_party", "wrong person"),
    unclear("unclear.not_my_number", "(not|no_longer|past_not|'isnt'|do_not) word{0,3} number"),
    unclear("unclear.no_messages", "no (kind|det){0,2} message"),
    unclear("unclear.refusal", "neg word{0,4} (message|one_message|contact|contacting|send|sending)"),
    unclear("unclear.refusal", "message any{0,5} (not|never|do_not|no_longer|'unwanted')"),
    unclear("unclear.complaint", "hate any{0,5} (message|category|contacting|one_message|you)"),
    unclear("unclear.complaint", "(message|category|contacting|one_message|you) any{0,5} hate"),
    unclear("unclear.too_many", "too many (det|kind){0,3} (message|category|one_message|contacting)"),
    unclear("unclear.less", "('less'|'fewer'|many) (message|category|one_message)"),
    unclear("unclear.keep_contacting", "you soft? keep soft? (contacting|sending)"),
    unclear("unclear.not_interested", "(start|pause|soft|i) (am)? (not|no_longer|past_not) (soft|'very'|'that'|'at'|'all'){0,3} interested"),
    unclear("unclear.no_thanks", "start soft{0,2} no soft? thanks (you|soft|swear){0,3} end"),
    unclear("unclear.cancel_subscription", "weak (det|my|kind){0,3} subscription"),
    unclear("unclear.want_to_cancel", "(i|how|ask) urge{0,5} weak (soft|please|thanks|now){0,3} end"),
    unclear("unclear.never_agreed", "(never|past_not) soft? signed (up|'in'|out)? (to|for) (det|be|receive){0,4}"
            " (message|category|one_message|these|thing|contacted)"),
    unclear("unclear.never_agreed", "(never|past_not) soft? (gave_you) you (my|det)? (consent|number)"),
    unclear("unclear.never_agreed", "(never|past_not) soft? signed up? end"),
    unclear("unclear.block", "(i|'will'|'going'|'gonna'|be|am) soft? block (you|these|det|your){0,3} number?|block (you|these)"),
    unclear("unclear.hostile", "(start|pause) soft? hostile (you|'yourself')"),
    unclear("unclear.done", "done 'with' (these|you|your)"),
    unclear("unclear.enough", "start soft{0,2} enough (soft|am|enough|'with'|these){0,4} end"),
    unclear("unclear.opt_in", "start (soft|i|want|to|you|urge){0,6} (subscribe|begin (contacting|sending))"
            " (me|back|soft|det|message|now|anymore|thanks|to|you|your){0,6} end"),
    unclear("unclear.opt_in", "sign me back|(begin|keep) (contacting|sending) me"),
)

_TRIGGERS: Final = (
    "cease", "weak", "neg", "receive", "removed", "taken", "end_verb", "switch", "unsub", "unsubbed", "opt", "remove", "revoke", "consent",
    "contact", "contacting", "contacted", "blowing", "send", "sending", "message", "one_message",
    "category", "lose", "alone", "away", "off_verb", "hostile", "lost", "wrong", "interested",
    "subscribe", "block", "enough", "off", "number", "done", "signed", "consent",
)

ENGLISH: Final = Grammar(
    CLASSES,
    (*_NEGATED, *_ELSEWHERE, *_CLEAR, *_UNCLEAR),
    macros=_MACROS,
    triggers=_TRIGGERS,
    limit_before="hedge (?!you)",
    limit_after="(proviso | 'if' (?!you) | (?<!neg) contact (me|my))",
)
