"""German sentences that ask for no more messages."""

from typing import Final

from services.messaging.classifier.grammar import Grammar, nothing, stop, unclear

_CLASSES: Final = {
    "no": "keine kein keinerlei keinen",
    "not": "nicht nie niemals",
    "more": "mehr weiteren weitere wieder",
    "me": "mir mich uns",
    "you": "sie ihr du ihnen euch dir",
    "contact": "schreiben schreibt schreib schreibe kontaktieren kontaktiert kontaktiere rufen ruft ruf "
    "anrufen anruft stoeren storen stort belastigen belastigt belastige belaestigen nerven nervt "
    "nerve melden texten textet anschreiben anzuschreiben anzurufen zuzuschicken",
    "voice": "rufen ruft ruf anrufen anzurufen anrufe",
    "send": "senden sendet sende schicken schickt schick schicke zusenden zuschicken",
    "message": "nachricht nachrichten sms werbung werbesms werbenachrichten texte mails newsletter "
    "benachrichtigungen benachrichtigung angebote spam infos mitteilungen anrufe meldungen",
    "marketing": "werbung werbesms werbenachrichten angebote",
    "program": "newsletter benachrichtigungen",
    "det": "die der den das ihre ihren eure deine diese dieser diesen solche solchen weitere weiteren "
    "von vom aus meine meiner irgendwelche mehr alle den eurer ihrer dem",
    "want": "mochte will wunsche wollen mag wurde wollte brauche",
    "wish": "ich mochte will wunsche wurde gerne gern wie kann muss mich bitte wollte hiermit hier wir "
    "man sich konnen konnten sie wo",
    "receive": "bekommen erhalten empfangen kriegen haben",
    "unsub": "abmelden abbestellen austragen abbestelle abgemeldet abmeldung",
    "unsub_object": "newsletter sms nachrichten werbung",
    "cease": "hor hort horen stopp stoppt stoppen stop lass lasst lassen unterlassen unterlasst beenden",
    "on": "auf mit damit",
    "to": "zu",
    "remove": "loschen losche loscht loeschen loesche streichen streicht streiche entfernen entfernt "
    "entferne nehmen nimm nehmt austragen tragen tragt trag",
    "my": "meine mein meinen diese unsere",
    "number": "nummer handynummer telefonnummer rufnummer daten kontakt namen",
    "list": "liste verteiler datenbank verteilerliste adressliste mailingliste kartei system",
    "off": "von aus vom",
    "wrong": "falsche falschen falsch verwahlt verkehrte",
    "person": "nummer person verbunden",
    "leave": "lass lasst lassen",
    "instead": "ausser aber nur bis sondern vor",
    "peace": "ruhe frieden",
    "in": "in",
    "consent": "einwilligung zustimmung erlaubnis einverstandnis",
    "revoke": "widerrufe widerruf ziehe entziehe widerrufen",
    "please": "bitte danke sofort jetzt endlich hallo mal nie nicht mehr wieder auch an diese nummer und "
    "ab umgehend doch einfach vielen dank guten tag schon ok also unter nun heute damit",
    "fill": "bitte danke sofort jetzt endlich hallo mal auch und umgehend doch einfach guten tag schon ok "
    "also nun",
    "subscription": "abo abonnement vertrag konto mitgliedschaft",
    "cancel": "kundigen kundige beenden beende stornieren abbestellen",
    "interested": "interessiert interesse",
    "off_verb": "verpiss verpisst verschwinde verschwindet hau haut",
    "self": "dich euch ab",
    "hate": "belastigung genervt nervt nerven zuviel viele betrug anzeige blockiere blockieren blockiert "
    "satt standig unerwunscht unerwunschte",
    "got": "bekommen angekommen erhalten gekriegt gesehen gelesen gekommen",
}
_MACROS: Final = {
    "tail": "(please){0,7} (end|pause)",
    "messages": "(det){0,3} message",
    "the_list": "(off) (det){0,2} list",
    "ask": "(start|pause|fill|wish)",
}

GERMAN: Final = Grammar(
    _CLASSES,
    (
        nothing(
            "not.got",
            "('habe'|'hab'|'haben'|'wurde'|'ist'|'sind') word{0,2} (no|not) word{0,3} got",
        ),
        nothing("not.dont_stop", "cease not on"),
        stop(
            "phrase.no_messages",
            "(start|pause|fill) no (det|more){0,2} message ('an' me)? more? send? tail",
        ),
        stop("phrase.do_not_send", "ask send you? me? (fill){0,2} no (det|more){0,2} message tail"),
        stop(
            "phrase.do_not_contact", "ask contact you? me? (fill){0,2} (not|no) more? message? tail"
        ),
        stop(
            "phrase.not_wanted",
            "(start|pause|fill|wish) want? (fill|wish){0,2} no (det|more){0,2} message more? (off det? you?)? more? receive? tail",
        ),
        stop(
            "phrase.not_wanted",
            "want (fill|wish){0,3} (not|no) more? (off det? you?)? ('kontaktiert'|'angeschrieben'|'angerufen'|'belastigt') 'werden' tail",
        ),
        stop(
            "phrase.stop_contacting", "ask cease you? on (me? (message|contact|send|to){1,3})? tail"
        ),
        stop(
            "phrase.stop_contacting", "ask cease you? on me{0,1} (message)? to (contact|send) tail"
        ),
        stop("phrase.stop_messages", "ask (cease|cancel) you? (det){0,2} message tail"),
        stop(
            "phrase.unsubscribe",
            "(start|pause|wish) me (fill){0,2} (off det{0,2} (message{1,2}|list))? unsub tail",
        ),
        stop(
            "phrase.unsubscribe",
            "(start|pause|fill|wish) unsub (you? me)? (fill){0,2} (off det{0,2} (message|list))? 'ab'? tail",
        ),
        stop("phrase.unsubscribe", "ask 'melden' you? me (fill){0,2} 'ab' tail"),
        stop("phrase.remove_me", "ask remove you? me (fill){0,2} the_list (fill|off){0,2} tail"),
        stop("phrase.remove_me", "ask remove you? (fill){0,2} (my|det) number (the_list)? tail"),
        stop("phrase.remove_me", "(fill|ask|wish) my number (fill|the_list){0,2} remove tail"),
        stop("phrase.do_not_contact", "not more contact tail", after="(start|fill)"),
        stop("phrase.revoke_consent", "revoke (fill|wish){0,2} my consent|my consent (revoke)"),
        stop("phrase.leave_me_alone", "(start|pause|fill) leave you? me (fill){0,3} in peace tail"),
        stop("phrase.go_away", "start (fill){0,2} off_verb self tail"),
        stop("wrong_party.number", "(start|pause|fill|you|det|'haben'|'hast') wrong person tail"),
        unclear("unclear.no_messages", "no word{0,3} message"),
        unclear("unclear.do_not_contact", "contact you? me (fill){0,2} not"),
        unclear("unclear.unsubscribe", "unsub"),
        unclear("unclear.refusal", "(not|no|cease|remove|cancel) word{0,6} (message|list)"),
        unclear("unclear.stop_contacting", "cease you? on me"),
        unclear("unclear.remove", "remove word{0,2} (my number|me)|my number word{0,2} remove"),
        unclear(
            "unclear.cancel_subscription",
            "cancel (my|det){0,2} subscription|subscription word{0,2} cancel",
        ),
        unclear("unclear.wrong_party", "wrong person|'verwahlt'"),
        unclear("unclear.remove", "the_list word{0,2} remove|'nummer' word{0,2} remove"),
        unclear("unclear.not_interested", "(no|not) word{0,1} interested"),
        unclear("unclear.complaint", "hate any{0,5} message|message any{0,5} hate"),
    ),
    macros=_MACROS,
    triggers=(
        "list",
        "no",
        "contact",
        "send",
        "message",
        "unsub",
        "remove",
        "cancel",
        "wrong",
        "leave",
        "interested",
        "off_verb",
        "revoke",
        "consent",
    ),
    filler="(please|fill|me|you|'haben'|'hast'|det|contact)",
    support="(message|list|unsub|interested|hate|cease|remove|wrong)",
    limit_after="instead",
    bare="(unsub|remove any{0,4} (me|my|list)|(no|not) any{0,6} (contact|send|message|list"
    ")|cease any{0,4} (contact|send|message))",
    firm="(message|list|more|'nie')",
    alone=(
        "phrase.do_not_contact",
        "phrase.stop_contacting",
        "phrase.remove_me",
        "phrase.leave_me_alone",
        "phrase.go_away",
        "wrong_party.number",
    ),
)
