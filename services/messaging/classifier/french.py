"""French sentences that ask for no more messages."""

from typing import Final

from services.messaging.classifier.grammar import Grammar, nothing, stop, unclear

_CLASSES: Final = {
    "ne": "ne n",
    "no_more": "plus pas jamais",
    "plus": "plus aucun aucune",
    "me": "m me moi nous",
    "fused": "menvoyez mecrivez mappelez mecrire menvoyer mappeler",
    "contact": "envoyez envoie envoies ecrivez ecris ecrire contactez contacte contactes appelez "
    "appelle appelles derangez derange deranges sollicitez sollicite harcelez harcele embetez embete "
    "relancez importunez textez texte textes envoyer contacter appeler deranger solliciter harceler "
    "embeter relancer importuner spammer spammez adressez recontactez recontacter menvoyez mecrivez "
    "mappelez mecrire menvoyer mappeler joindre",
    "voice": "appelez appelle appelles appeler appels mappelez mappeler",
    "cease": "arretez arrete arreter cessez cesse cesser stop stoppez stopper",
    "of": "de d des du avec",
    "message": "message messages sms textos texto notification notifications publicite publicites "
    "pub pubs promotion promotions promos offres annonces alertes mails spam spams communications "
    "envois envoi sollicitations newsletter newsletters appels",
    "marketing": "publicite publicites pub pubs promotions promos offres annonces",
    "program": "alertes newsletter newsletters notifications",
    "det": "le la les l de d des du ces cet cette ce vos votre tes ta ton mes mon ma tout tous toutes "
    "aucun aucune autre autres un une plus vos ca cela ceux tes",
    "want": "veux voudrais souhaite desire aimerais veut voulons desirerais veus",
    "wish": "je veux voudrais souhaite desire aimerais comment puis peux me m faire pour se s on peut "
    "merci de svp j prie vous demande dois fait voulez pouvez bien et c'est a voulons nous",
    "receive": "recevoir recois avoir etre",
    "contacted": "contacte contactee sollicite sollicitee derange derangee appele",
    "unsub": "desabonner desabonne desabonnez desinscrire desinscrivez desinscris desabonnement "
    "desinscription",
    "cancel": "annulez annuler annule resilier resiliez desactiver desactivez supprimer supprimez "
    "suspendre suspendez",
    "remove": "retirez retire retirer enlevez enleve enlever supprimez supprime supprimer effacez "
    "efface effacer rayez raye rayer sortez otez",
    "my": "mon ma mes ce notre",
    "number": "numero num telephone portable nom coordonnees donnees tel contact",
    "list": "liste listes base fichier fichiers diffusion registre systeme repertoire mailing "
    "donnees contacts envoi contact",
    "subscription": "abonnement abonnements service inscription compte",
    "wrong": "mauvais mauvaise faux fausse errone erreur trompez trompe tromper",
    "person": "numero personne destinataire num",
    "leave": "laissez laisse fichez fiche foutez fous lachez lache",
    "instead": "sauf mais seulement jusqu avant",
    "peace": "tranquille paix tranquilles",
    "consent": "consentement accord autorisation",
    "revoke": "retire revoque annule retirer revoquer",
    "please": "svp stp merci s il vous te plait plz bonjour maintenant immediatement jamais plus a ce "
    "mon numero tout de suite sur bonsoir allez ok monsieur madame donc et alors deja encore aussi "
    "d avance desormais vraiment cordialement nous veuillez voila please",
    "i": "je j",
    "sum": "dommage",
    "interested": "interesse interessee interessent",
    "off": "allez va degage degagez casse cassez tire",
    "marker": "ne pas vous je vos votre svp veux veuillez jamais aucun aucune",
    "hell": "foutre faire diable merde voir enculer",
    "hate": "marre harcelement harcelez insupportable trop ras arnaque plainte bloque bloquer signaler "
    "penible agacant saoule",
    "forget": "oubliez oublie hesitez hesite inquietez inquiete recu recois peux ai a arrive "
    "arrivent marche fonctionne trouve vois comprends",
    "be": "est etes avez c suis as vous",
}
_MACROS: Final = {
    "tail": "(please|me){0,8} (end|pause)",
    "messages": "(det){0,4} message{1,2}",
    "the_list": "(det){0,3} list (of det? list)?",
    "ask": "(start|pause|please|wish)",
}

FRENCH: Final = Grammar(
    _CLASSES,
    (
        nothing("not.forget", "(ne|i) (me|det)? forget 'pas'"),
        nothing("not.forget", "'pas' forget|ne me? forget no_more"),
        nothing("not.dont_stop", "ne? cease ('pas'|'jamais') (of me? contact)?"),
        stop(
            "phrase.do_not_contact",
            "ne? me? contact ('plus'|'jamais') (messages|please|'rien'){0,4} tail",
        ),
        stop("phrase.do_not_contact", "ask ne me contact 'pas' (messages)? tail"),
        stop("phrase.do_not_contact", "ne (no_more){1,2} me contact (messages)? tail"),
        stop(
            "phrase.stop_contacting", "(ask) (me)? cease of? me? contact (messages|det){0,2} tail"
        ),
        stop("phrase.not_wanted", "ne? want ('plus'|'pas') receive? messages (of det? det)? tail"),
        stop(
            "phrase.not_wanted",
            "ne? want ('plus'|'pas') (receive please? | receive? contacted) tail",
        ),
        stop("phrase.stop_messages", "ask cease (of)? messages tail"),
        stop("phrase.not_wanted", "ne ('plus'|'pas') receive det{0,2} messages tail", after="wish"),
        stop(
            "phrase.unsubscribe",
            "(start|pause|please|wish|me) unsub me? (of (det|message|list){0,4})? tail",
        ),
        stop("phrase.cancel_messages", "(ask) cancel messages tail"),
        stop("phrase.remove_me", "(ask) me? remove me? the_list tail"),
        stop("phrase.remove_me", "(ask) remove me tail"),
        stop("phrase.remove_me", "(ask) remove (my|det) number{1,2} (the_list)? tail"),
        stop("phrase.revoke_consent", "revoke (my|det) consent"),
        stop("phrase.leave_me_alone", "(start|pause|please) leave me (det)? peace tail"),
        stop("phrase.go_away", "start off (please|'vous'|'te')? (hell){1,2} tail"),
        stop("wrong_party.number", "(start|pause|please|be|det) wrong det? person tail"),
        unclear("unclear.do_not_contact", "ne me? contact (no_more)"),
        unclear("unclear.stop_contacting", "cease of me? contact"),
        unclear("unclear.not_wanted", "want ('plus'|'pas') word{0,3} message"),
        unclear("unclear.no_messages", "start ('plus'|'pas') (of|det){0,2} message"),
        unclear("unclear.unsubscribe", "unsub"),
        unclear("unclear.remove", "remove (my|det) number|remove me|remove word{0,3} list"),
        unclear("unclear.cancel_subscription", "cancel (my|det){0,2} subscription"),
        unclear("unclear.wrong_party", "wrong det? person"),
        unclear("unclear.not_interested", "('plus'|'pas') interested"),
        unclear(
            "unclear.refusal",
            "('plus'|'pas'|'jamais'|'sans'|cease|cancel|remove|unsub) word{0,6} (message|list|contact)",
        ),
        unclear("unclear.wrong_party", "be? 'pas' det? 'bon' person"),
        stop("phrase.stop_receiving", "(ask|wish) cease of receive messages tail"),
        unclear("unclear.refusal", "ne word{0,4} ('plus'|'jamais') word{0,3} message"),
        unclear("unclear.complaint", "hate any{0,5} message|message any{0,5} hate"),
        unclear("unclear.stop_messages", "cease of? messages"),
    ),
    macros=_MACROS,
    triggers=(
        "list",
        "marker",
        "cease",
        "contact",
        "message",
        "unsub",
        "remove",
        "cancel",
        "wrong",
        "leave",
        "interested",
        "off",
        "revoke",
    ),
    filler="(please|me|i|be)",
    support="(message|list|unsub|interested|hate|cease|remove|wrong|ne me? contact)",
    limit_after="instead",
    bare="(unsub|cancel any{0,4} message|remove any{0,4} (me|my|list)|no_more any{0,6} (co"
    "ntact|receive|message|list)|cease any{0,4} (contact|receive|message))",
    firm="(message|list|'plus'|'jamais')",
    alone=(
        "phrase.do_not_contact",
        "phrase.stop_contacting",
        "phrase.remove_me",
        "phrase.leave_me_alone",
        "phrase.go_away",
        "wrong_party.number",
    ),
)
