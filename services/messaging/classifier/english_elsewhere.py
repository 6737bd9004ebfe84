"""English words that only sound like a request: negated, told of others, or meaning something else."""

from typing import Final

from services.messaging.classifier.grammar import nothing

NEGATED: Final = (
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
ELSEWHERE: Final = (
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
