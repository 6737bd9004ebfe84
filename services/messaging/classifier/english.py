"""English sentences that ask for no more messages, and those that only sound like it."""

from typing import Final

from services.messaging.classifier.english_words import CLASSES
from services.messaging.classifier.grammar import Grammar, nothing, stop, unclear

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

_NEGATED: Final = (
    nothing(
        "not.dont_stop",
        "(?<!you)(?<!it)(?<!'guys')(?<!'people')(do_not|never) you? soft{0,2} opting_out its_object",
    ),
    nothing("not.cant_stop", "(?<!you) cannot seem? to? stop (doing|unknown|end|pause)"),
    nothing(
        "not.want_to_stop",
        "(do_not|never|not|no) (want|reason) you? to? be? (opting_out|removed|taken off) its_object",
    ),
    nothing("not.sure", "(not|do_not) ('sure'|'know'|'think') word{0,3} (message|one_message)"),
    nothing("not.asking", "not (say|mean) (you|'that'){0,2} to? (cease|unsub|weak)"),
    nothing("not.forget", "(do_not|never) soft? forget to? (contact|send)?"),
    nothing(
        "not.need_to", "(do_not|not|no) (have|'need') to (contact|send)|do_not 'bother' (doing|to)"
    ),
    nothing(
        "not.see",
        "(start|pause) i do_not soft? ('see'|'hear'|'have'|'find'|'get') det{0,2} (message|one_message)",
    ),
    nothing("not.why_dont_you", "why do_not (you|i) (contact|send)"),
    nothing(
        "not.got",
        "(past_not|never|(?<!rather)(?<!wanting)(?<!to)(?<!you)not) soft? got (?!det{0,2} more) word{0,4}"
        " (message|one_message|category|contact)",
    ),
    nothing("not.arrived", "(message|one_message|category) word{0,3} (neg|past_not) going"),
)
_ELSEWHERE: Final = (
    nothing("other.stop_noun", "(before_stop stop (?!request) after_stop? | stop after_stop)"),
    nothing("other.stop_and_go", "stop and and_go | stop comma? 'drop' and"),
    nothing(
        "other.stop_place",
        "stop (place (?!'accident'|'mistake') | at (?!once) | on det way | to (unknown|and_go|got) | for det? unknown)",
    ),
    nothing("other.stop_doing", "cease (being | (doing|'taking') (?!me))"),
    nothing("other.stop_here", "stop ('here'|'there')"),
    nothing("other.stopped", "(?<!how) past_did (you|it|i|other) soft? cease"),
    nothing("other.i_stop", "(i intend{1,4}|'ill' soft?) cease (contacting|sending) (?!me)"),
    nothing("other.metrics", "(unsub|unsubbed) metric"),
    nothing(
        "other.wrong_number",
        "wrong number of | i (gave|reach) word{0,2} wrong person | gave det? wrong number",
    ),
    nothing("other.waiting_list", "off det{0,2} waiting list?"),
    nothing("other.off_hold", "take me off det? off_thing (?!list) | 'drop' me off (?!the_list)"),
    nothing("other.have_no", "(have|there|am|'see') no more? (message|one_message)"),
    nothing("other.no_messages_yet", "no (message|one_message) ('yet'|'so'|'today'|from (?!you))"),
    nothing("other.i_never", "i (do_not|never|'wont') (soft|unknown)? contact (?!me|recipient)"),
    nothing(
        "other.you_did_not",
        "(?<!rather) you past_not soft? contact | i past_not soft? contact (?!me) | do_not 'disturb' (?!me)",
    ),
    nothing("other.others", "other (unsubbed|unsub)"),
    nothing("other.stop_number", "stop digits (of|unknown)"),
    nothing("other.if_you_want", "if you ('would'|'do')? wanting{1,2} to? (unsub|cease|opt out)"),
)
_CLEAR: Final = (
    stop(
        "phrase.stop_contacting",
        "cease soft{0,2} (contacting (or contacting){0,2} recipient stuff?"
        " | contacting (or contacting){0,2} stuff"
        " | sending (to? recipient)? stuff (to? recipient | place_note)?"
        " | sending to? recipient | blowing (me|up|my|number){1,4}) tail",
        after="ask",
    ),
    stop("phrase.stop_contacting", "cease soft{0,2} texting tail", after="ask"),
    stop("phrase.stop_or_else", "cease soft{0,2} 'or' (i|'else')", after="ask"),
    stop(
        "phrase.stop_contacting",
        "cease soft{0,2} (contacting (or contacting){0,2} | sending place_note?) tail",
        after="ask",
        alone=True,
    ),
    stop(
        "phrase.stop_contacting",
        "cease soft{0,2} (contacting (or contacting){0,2} recipient | sending recipient messages) tail",
        after="(unknown | doing | times | you (do_not|'wont'))",
    ),
    stop(
        "phrase.stop_receiving",
        "cease receive (any_message | det? these) place_note? tail",
        after="ask_or_wish",
    ),
    stop(
        "phrase.stop_messages",
        "cease (soft|'it'){0,2} any_message ((to|'with') recipient)? tail",
        after="ask",
    ),
    stop(
        "phrase.stop_messages",
        "((want|'make'|'get') (det|kind){1,4} message to?"
        " | (det|kind){1,3} message ('need'|'needs'|'must'|'should'|'have'){1,2} to?) (cease|end_verb) tail",
        after="(start|pause|soft|wish)",
    ),
    stop(
        "phrase.stop_messages",
        "cease det{1,3} (det|kind){0,3} (message|category|one_message) (to recipient)? tail",
        after="wish",
    ),
    stop(
        "phrase.do_not_contact",
        "not_ever you? (soft|be){0,3} (reaching|contacting) (recipient tired | my_number) tail",
        after="ask_not",
    ),
    stop(
        "phrase.do_not_contact",
        "(no_longer|never) soft? (reaching|contacting) recipient tail",
        after="ask_not",
    ),
    stop(
        "phrase.do_not_contact",
        "do_not (soft|be){0,3} ((reaching|contacting) recipient"
        " | reaching (now|please|thanks|swear){0,3} end) tail",
        after="ask_not",
        alone=True,
    ),
    stop(
        "phrase.do_not_contact",
        "not (to|be|'ever'){0,2} (reaching|contacting) recipient tail",
        after="(you|soft|start|pause|want|rather)",
        alone=True,
    ),
    stop(
        "phrase.do_not_contact",
        "(you (modal not|cannot|am not allowed)|'youre' not allowed) (to|be){0,2} (reaching|contacting)"
        " recipient tail",
        alone=True,
    ),
    stop(
        "phrase.do_not_send",
        "not_ever soft{0,2} (send|sending) (to? recipient)? (messages"
        " | (det|kind){0,3} quantity kind? one_message | soft? det{0,2} these thing?"
        " | quantity | quantity? thing (anymore|'else')) (to? recipient)? tail",
        after="ask_not",
    ),
    stop(
        "phrase.do_not_send",
        "not_ever soft{0,2} send me (kind|det)? thing tail",
        after="ask_not",
        alone=True,
    ),
    stop(
        "phrase.no_more",
        "no more (kind|det){0,3} (message|category|one_message|contacting)"
        " (to recipient|from you)? tail",
        after="(start|pause|soft|want)",
    ),
    stop(
        "phrase.no_messages",
        "no kind{0,2} (message|pushed|'texting'|'contact') (please|thanks){1,3} end",
        after="(start|pause|soft)",
    ),
    stop(
        "phrase.not_wanted",
        "not_ever soft{0,2} want you? to? (receive? (det|kind){0,5} (message|pushed)"
        " | receive (det|kind){0,5} (one_message|category|'contact')"
        " | received these thing? | receive these thing? anymore | receive thing from you"
        " | hear from you | receive from you | be contacted ('by' you)? | be on the_list"
        " | contacting recipient | contact recipient | send me (any_message|these)) from_you? tail",
        after="i_say",
    ),
    stop(
        "phrase.not_wanted",
        "rather (not to? (receive any_message | be contacted) from_you? |"
        " you (past_not|do_not) (contact|send) recipient) tail",
    ),
    stop(
        "phrase.remove_me",
        "remove recipient (number|and|or|my|name){0,3} off of? the_list (and the_list)? tail",
        after="ask_or_wish",
    ),
    stop(
        "phrase.remove_me",
        "remove recipient (number|and|or|my|name){0,3} closed",
        after="ask_or_wish",
        alone=True,
    ),
    stop("phrase.remove_me", "(remove|take) whose number{1,2} off the_list tail", after="ask"),
    stop(
        "phrase.take_me_off",
        "take (recipient (and my? number{1,2})?|it)? off of? (the_list (and the_list)? | det{0,2} message) tail",
        after="ask_or_wish",
    ),
    stop(
        "phrase.take_me_off",
        "take recipient off (of? det? thing{1,2})? closed",
        after="ask_or_wish",
        alone=True,
    ),
    stop("phrase.remove_me", "remove number{0,2} off the_list tail", after="ask_or_wish"),
    stop("phrase.take_me_off", "i want off of? the_list tail"),
    stop(
        "phrase.be_removed",
        "(removed|taken) off? (the_list | det{0,2} message) tail",
        after="(wish | have recipient be?)",
    ),
    stop("phrase.be_removed", "be removed (off det? thing)? tail", after="wish", alone=True),
    stop(
        "phrase.be_removed", "(have|take) recipient removed tail", after="ask_or_wish", alone=True
    ),
    stop("phrase.unsubscribe", "be unsubbed tail", after="wish"),
    stop("phrase.unsubscribe", "('sure'|'confirm') i am? unsubbed tail"),
    stop("phrase.be_removed", "to be (removed|taken) off the_list tail", after="i word{0,5}"),
    stop(
        "phrase.no_call_list",
        "sign recipient ('on'|to) det{0,2} (do_not|no) contact list",
        after="ask_or_wish",
    ),
    stop(
        "phrase.unsubscribe",
        "unsub recipient? (from the_list | (from|of)? (stuff|you|all))? tail",
        after="ask_or_wish",
    ),
    stop(
        "phrase.opt_me_out",
        "opt recipient out (of|from)? (the_list|stuff|all)? tail",
        after="ask_or_wish",
    ),
    stop(
        "phrase.unsubscribed_already",
        "((have|times|soft){1,3} unsubbed | unsubbed (times|digits){1,3}) tail",
        after="(start|pause|i)",
    ),
    stop(
        "phrase.revoke_consent",
        "revoke (det|soft|my|kind){0,3} consent to_be_contacted",
        after="ask_or_wish",
    ),
    stop("phrase.revoke_consent", "consent (am|soft){0,3} revoke", after="(start|my)"),
    stop(
        "phrase.no_consent",
        "i do_not ('authorize'|'authorise'|'allow'|'permit'|gave_you) you to_be_contacted",
    ),
    stop("phrase.no_consent", "you (do_not|no_longer) have (my|det){0,2} consent to_be_contacted"),
    stop(
        "phrase.no_consent", "i (do_not|no_longer) gave_you? you? (my|det)? consent to_be_contacted"
    ),
    stop("phrase.leave_me_alone", "leave recipient swear{0,3} alone tail", after="ask", alone=True),
    stop(
        "phrase.go_away",
        "go (soft|swear){0,2} away (soft|thanks|swear|now){0,3} (end | (?=pause))",
        after="(start|pause) soft{0,2}",
        alone=True,
    ),
    stop(
        "phrase.off",
        "off_verb (soft|swear){0,2} off (soft|swear|you|thanks|now){0,3} end",
        after="(start|pause) (soft|you|swear){0,2}",
        alone=True,
    ),
    stop(
        "phrase.lose_my_number",
        "lose (my|these) (kind|which)? 'number' tail",
        after="(start | pause | soft | modal you)",
        alone=True,
    ),
    stop("phrase.get_lost", "take lost (soft|swear){0,2} end", after="start soft{0,2}", alone=True),
    stop(
        "wrong_party.number",
        "wrong_one tail",
        after="(start|pause) (soft|i|it|you|am|think|these){0,4}",
    ),
    stop(
        "wrong_party.number",
        "(?<!did) (you|'youre') (modal|am|soft|have){0,3} reach wrong_one tail",
    ),
    stop("wrong_party.number", "(?<!am) these (am|be|soft){0,2} wrong_one tail"),
    stop(
        "phrase.cancel_messages",
        "(end_verb (det|my|kind|me){0,4} ended | switch off (det|my|kind){0,4} ended"
        " | switch (det|my|kind){0,4} ended off) tail",
        after="ask_or_wish",
    ),
    stop(
        "phrase.want_you_to_stop",
        "cease (these|it|thing)? (soft|thanks|now){0,3} end",
        after="i soft{0,2} want you to",
        alone=True,
    ),
    stop(
        "phrase.said_stop",
        "(i (have|soft|am|times|be|keep){0,4} | start (soft|times){0,2}) ((say|texted) (you|'them') (soft|unknown){0,1} to"
        " | texted (you|to|det|'word'|pause){0,4}) (stop|unsub|cease) (tail|times|and)",
    ),
    stop(
        "phrase.said_stop",
        "i (have|soft|am|times|be|keep){0,4} say{1,2} (these|to|det|'word'|pause){0,4}"
        " (stop|unsub|cease) (tail|times|and)",
        alone=True,
    ),
)
_UNCLEAR: Final = (
    unclear(
        "unclear.off",
        "(off_verb word{0,4} off | (message|one_message) soft? 'off' | take off (my|these|your))",
    ),
    unclear("unclear.no_messages", "no (kind|det){0,2} ('contact'|contacting|'communication')"),
    unclear("unclear.not_wanted", "no_longer want to be"),
    unclear("unclear.leave_me_alone", "leave (me|my|these) word{0,3} (alone|'be'|off)"),
    unclear("unclear.switch_off", "switch (these|it|thing)? off (these|it|thing)?"),
    unclear("unclear.too_many", "too many 'of' these"),
    unclear("unclear.less", "('slow'|'dial'|'tone') word{0,4} message"),
    unclear("unclear.why_me", "i soft? keep receive det? (message|these|one_message)"),
    unclear(
        "unclear.go_away",
        "(go away | off_verb off | lose (my|these) kind? 'number')",
        after="start soft{0,2}",
    ),
    unclear(
        "unclear.said_stop",
        "i (have|soft|am|times|be|keep){0,4} (say|texted){1,2} word{0,4} (stop|unsub|cease)",
    ),
    unclear("unclear.consent", "(revoke|do_not|no_longer|never|past_not) word{0,3} consent"),
    unclear(
        "unclear.stop_messages",
        "(end_verb (det|my|kind|me){0,4} category"
        " | switch off (det|my|kind){0,4} (message|one_message|category))",
    ),
    unclear("unclear.stop_contacting", "cease soft{0,2} (contacting|sending|blowing)"),
    unclear("unclear.stop_messages", "cease any_message"),
    unclear(
        "unclear.do_not_contact", "not_ever soft{0,2} (contact|contacting) (me|recipient|pause|end)"
    ),
    unclear(
        "unclear.do_not_send",
        "not_ever soft{0,2} (send|sending) (?!some_other|other) (me|det|message)",
    ),
    unclear("unclear.do_not_contact", "(do_not|no) contact list"),
    unclear("unclear.pause", "pausing (det|my|kind){0,3} (message|category)"),
    unclear(
        "unclear.not_wanted",
        "not_ever soft? want (thing|these) (soft|anymore|thanks|please){0,3} end",
    ),
    unclear("unclear.why_me", "why any{0,3} receive any{0,3} (message|these|one_message)"),
    unclear("unclear.why_me", "did i receive on the_list"),
    unclear("unclear.unsubscribe", "(unsub | opt (me|it)? out | unsubbed)"),
    unclear("unclear.remove", "(remove recipient | take recipient off)"),
    unclear("unclear.removed", "(removed|taken) off the_list | removed me"),
    unclear("unclear.off_list", "off (your|these) the_list"),
    unclear("unclear.wrong_party", "wrong person"),
    unclear(
        "unclear.not_my_number",
        "((not|no_longer|'isnt'|'aint') (whose|unknown|other|these|soft){0,2} number"
        " | ('doesnt'|no_longer) soft? have these number | these number word{0,2} belong)",
    ),
    unclear(
        "unclear.no_messages", "no (kind|det){0,2} message|start no (one_message|category) end"
    ),
    unclear(
        "unclear.refusal",
        "neg word{0,7} (message|one_message|((contact|send) (?!some_other|other))|contacting|sending)",
    ),
    unclear("unclear.refusal", "message any{0,7} (not|never|do_not|no_longer|'unwanted')"),
    unclear(
        "unclear.complaint",
        "hate (any{0,5} (message|category|contacting|one_message)|word{0,1} you)",
    ),
    unclear(
        "unclear.complaint",
        "((message|contacting|one_message) any{0,5}|you (am|soft|keep|other|'being'){0,4}) hate",
    ),
    unclear("unclear.too_many", "too many (end|please|for)"),
    unclear("unclear.refusal", "not to be contacted"),
    unclear("unclear.not_my_number", "('doesnt'|no_longer|do_not) resident 'here'"),
    unclear("unclear.why_me", "(how|'where') did you receive (my|these) number"),
    unclear("unclear.why_me", "why word{0,3} (contacting|contact|sending)"),
    unclear("unclear.why_me", "'who' gave_you you (my|these) number"),
    unclear("unclear.block", "(am|'im') block end"),
    unclear(
        "unclear.remove",
        "(remove|unsub|cancelling|lose|switch off|take word{0,4} off) word{0,6} address",
    ),
    unclear("unclear.remove", "address word{0,3} (removed|taken) off"),
    unclear("unclear.hostile", "'go' hostile 'yourself'"),
    unclear("unclear.opt_in", "opt recipient 'back'? 'in'"),
    unclear("unclear.opt_in", "(want|receive) det{0,2} message ('again'|'back')"),
    unclear("unclear.refusal", "'doesnt' want word{0,3} message"),
    unclear("unclear.hostile", "you soft? hostile_word end"),
    unclear(
        "unclear.why_me", "(why am i 'on' | 'who' signed me 'up' (for|to)) (the_list|these|message)"
    ),
    unclear("unclear.less", "contact me any{0,4} 'only'"),
    unclear("unclear.opt_in", "switch word{0,4} back 'on'"),
    unclear("unclear.complaint", "(these|it|am|start) (am|these|'a'|soft|word){0,3} junk end"),
    unclear("unclear.too_many", "too many (det|kind){0,3} (message|pushed|one_message|contacting)"),
    unclear("unclear.less", "('less'|'fewer') (message|category|one_message)"),
    unclear(
        "unclear.less",
        "(contact|contacting|message) me? (too|'this'|'that'){0,2} (many|'less'|'often')",
    ),
    unclear("unclear.less", "'only' (contact|send)|'cut' word{0,3} message"),
    unclear("unclear.keep_contacting", "you soft? keep soft? (contacting|sending)"),
    unclear(
        "unclear.not_interested",
        "am? (not|no_longer|past_not) (soft|'very'|'that'|'at'|'all'){0,3} interested",
        after="(start|pause|soft|i)",
    ),
    unclear(
        "unclear.no_thanks",
        "no soft? thanks (you|soft|swear){0,3} (end | comma word{0,4} end)",
        after="start soft{0,2}",
    ),
    unclear(
        "unclear.cancel_subscription", "(weak|remove|end_verb) (det|my|kind){0,3} subscription"
    ),
    unclear(
        "unclear.want_to_cancel", "(i|how|start) urge{0,6} weak (soft|please|thanks|now){0,3} end"
    ),
    unclear(
        "unclear.never_agreed",
        "(never|past_not) soft? (signed ('up'|'in'|out)? (to|for) (det|be|receive){0,4}"
        " (message|category|one_message|these|thing|contacted)"
        " | gave_you you (my|det)? (consent|number) | signed ('up'|'in')? end)",
    ),
    unclear(
        "unclear.block",
        "(i|'will'|'going'|'gonna'|be|am) soft? block (you | these | (det|your){0,2} number)"
        " | block (you | these)",
    ),
    unclear("unclear.hostile", "hostile (you|'yourself')", after="(start|pause) soft?"),
    unclear("unclear.done", "done 'with' ((these|you) end|det{0,2} (message|category))"),
    unclear(
        "unclear.enough", "enough (soft|am|enough|'with'|these){0,4} end", after="start soft{0,2}"
    ),
    unclear(
        "unclear.opt_in",
        "(subscribe|begin (contacting|sending))"
        " (me|back|soft|det|message|now|anymore|thanks|to|you|your){0,6} end",
        after="start (soft|i|want|to|you|urge){0,6}",
    ),
    unclear("unclear.opt_in", "sign me (on|back){1,2} (now|please|soft|det|message|list){0,4} end"),
    unclear(
        "unclear.opt_in",
        "(begin (contacting|sending) me | begin (det|kind){0,3} (message|category) | sign me on? 'back')",
    ),
)
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
    (*_NEGATED, *_ELSEWHERE, *_CLEAR, *_UNCLEAR),
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
