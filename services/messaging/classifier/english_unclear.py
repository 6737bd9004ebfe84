"""English sentences that may well ask for no more messages: a person decides."""

from typing import Final

from services.messaging.classifier.grammar import unclear

UNCLEAR: Final = (
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
    unclear(
        "unclear.consent",
        "(revoke|do_not|no_longer|never|past_not|no|take) word{0,3} consent|consent to contact",
    ),
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
