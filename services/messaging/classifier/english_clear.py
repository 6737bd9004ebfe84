"""English sentences that clearly ask for no more messages."""

from typing import Final

from services.messaging.classifier.grammar import stop

CLEAR: Final = (
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
