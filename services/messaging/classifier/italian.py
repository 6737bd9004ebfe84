"""Italian sentences that ask for no more messages."""

from typing import Final

from services.messaging.classifier.grammar import Grammar, nothing, stop, unclear

_CLASSES: Final = {
    "no": "non mai",
    "refuse": "non mai senza nessun nessuna niente",
    "me": "mi ci me",
    "contact": "mandate mandatemi mandare mandarmi mandi manda inviate inviatemi inviare inviarmi invii "
    "scrivete scrivetemi scrivere scrivermi scriva scrivi contattate contattatemi contattare contattarmi "
    "contatti chiamate chiamatemi chiamare chiamarmi chiami disturbate disturbatemi disturbare "
    "disturbarmi disturbi importunate importunarmi assillate assillarmi rompete rompere spedite "
    "messaggiare",
    "voice": "chiamate chiamatemi chiamare chiamarmi chiami telefonate",
    "cease": "smettete smettetela smettila smetti smetta smetterla basta finitela finiscila cessate "
    "cessa piantatela piantala fermate",
    "of": "di da dal dalla dai con",
    "message": "messaggi messaggio sms testi notifiche notifica pubblicita promozioni offerte annunci "
    "avvisi spam email mail comunicazioni newsletter telefonate",
    "marketing": "pubblicita promozioni offerte annunci",
    "program": "avvisi newsletter notifiche",
    "more": "piu altri altre altro nessun nessuna",
    "det": "i il la le gli questi questo queste questa vostri vostro vostre tuoi suoi altri altre altro "
    "piu tutti tutte di dei delle nessun nessuna miei mio",
    "want": "voglio vorrei desidero vogliamo gradisco intendo",
    "wish": "voglio vorrei desidero come posso faccio per mi si fare chiedo di puo potete potreste vi "
    "prego favore a dove",
    "receive": "ricevere ricevo avere essere",
    "contacted": "contattato contattata disturbato disturbata chiamato",
    "unsub": "cancello disiscrivo disdico disiscrivermi disiscrivere disiscrivetemi disiscrivimi disiscrizione cancellarmi "
    "cancellatemi cancellami disdire",
    "cancel": "annullate annulla annullare disattivate disattiva disattivare sospendete bloccate fermate "
    "interrompete",
    "remove": "togliete togli togliere cancellate cancella cancellare rimuovete rimuovi rimuovere eliminate "
    "elimina eliminare levate tolga cancelli rimuova",
    "me_removed": "toglietemi toglimi togliermi cancellatemi cancellami cancellarmi rimuovetemi rimuovimi "
    "rimuovermi eliminatemi eliminami levatemi mitolga",
    "my": "mio miei mia questo",
    "number": "numero telefono cellulare nome dati contatto",
    "list": "lista liste elenco database mailing archivio sistema rubrica contatti",
    "subscription": "abbonamento iscrizione servizio conto",
    "wrong": "sbagliato sbagliata errato",
    "person": "numero persona",
    "leave": "lasciatemi lasciami mi lascia lasciate",
    "instead": "tranne ma solo fino eccetto",
    "peace": "pace stare",
    "in": "in",
    "consent": "consenso autorizzazione",
    "revoke": "revoco ritiro revocare ritirare",
    "please": "per favore piacere grazie subito ora adesso ciao piu mai a questo mio numero immediatamente "
    "buongiorno buonasera salve ok e mi vi prego cortesemente anche gia cellulare sul al gentilmente cortesia",
    "have": "ha hai avete e",
    "interested": "interessa interessato interessata interessano",
    "off": "vaffanculo fanculo sparite sparisci",
    "hate": "stufo stufa molestia troppi truffa denuncio denuncia bloccato blocco segnalare stanco stanca",
    "forget": "ricevuto arrivato arrivati ho riesco esitate dimenticare dimenticate dimenticarti e ha "
    "vedo trovo",
}
_MACROS: Final = {
    "tail": "(please){0,8} (end|pause)",
    "messages": "(det){0,4} message{1,2}",
    "the_list": "(of|det){1,3} list",
    "ask": "(start|pause|please|wish)",
}

ITALIAN: Final = Grammar(
    _CLASSES,
    (
        nothing("not.forget", "no (me|det)? forget (refuse|det|more){0,2} message?"),
        stop(
            "phrase.do_not_contact", "(start|pause|please) no me? contact (messages|more){0,2} tail"
        ),
        stop("phrase.stop_contacting", "ask cease of me? contact (messages){0,1} tail"),
        stop("phrase.not_wanted", "no want more? (receive more?)? messages (of det{0,2})? tail"),
        stop("phrase.not_wanted", "no want more? (receive more | receive? contacted) tail"),
        stop("phrase.stop_messages", "ask (cease|cancel) of? messages tail"),
        stop("phrase.no_more", "(start|pause|please) refuse more message tail"),
        stop(
            "phrase.unsubscribe",
            "(start|pause|please|wish) unsub (of{0,2} (det|message|list|subscription){0,3})? tail",
        ),
        stop("phrase.remove_me", "ask me_removed (the_list)? tail"),
        stop("phrase.remove_me", "ask remove (det|my){1,2} number (the_list)? tail"),
        stop("phrase.revoke_consent", "revoke (det|my){0,2} consent"),
        stop("phrase.leave_me_alone", "(start|pause|please) leave in? peace tail"),
        stop("phrase.go_away", "start off tail"),
        stop(
            "wrong_party.number",
            "(start|pause|please|have) (person wrong|wrong (det)? person) tail",
        ),
        unclear("unclear.do_not_contact", "no me? contact"),
        unclear("unclear.stop_contacting", "cease of me? contact"),
        unclear("unclear.not_wanted", "no want word{0,3} message"),
        unclear("unclear.unsubscribe", "unsub"),
        unclear("unclear.remove", "me_removed|remove (det|my){1,2} number|remove word{0,3} list"),
        unclear("unclear.cancel_subscription", "(remove|cancel) (my|det){0,2} subscription"),
        unclear("unclear.wrong_party", "person wrong|wrong person"),
        unclear("unclear.not_interested", "no (me|have|word)? interested"),
        unclear(
            "unclear.refusal",
            "(refuse|cease|cancel|remove|me_removed) word{0,6} (message|list|contact)",
        ),
        unclear("unclear.refusal", "message word{0,4} no"),
        unclear("unclear.complaint", "hate any{0,5} message|message any{0,5} hate"),
        unclear("unclear.stop_messages", "cease of? messages"),
    ),
    macros=_MACROS,
    triggers=(
        "list",
        "refuse",
        "cease",
        "contact",
        "message",
        "unsub",
        "remove",
        "me_removed",
        "cancel",
        "wrong",
        "leave",
        "interested",
        "off",
        "revoke",
    ),
    filler="(please|me)",
    support="(message|list|unsub|interested|hate|cease|remove|me_removed|wrong|no|no me? contact)",
    limit_after="instead",
    bare="(unsub|me_removed|cancel any{0,4} message|remove any{0,4} (my|list)|refuse any{0"
    ",6} (contact|receive|message|list)|cease any{0,4} (contact|receive|message))",
    firm="(message|list|more)",
    alone=(
        "phrase.do_not_contact",
        "phrase.stop_contacting",
        "phrase.remove_me",
        "phrase.leave_me_alone",
        "phrase.go_away",
        "wrong_party.number",
    ),
)
