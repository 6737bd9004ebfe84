"""Spanish sentences that ask for no more messages."""

from typing import Final

from services.messaging.classifier.grammar import Grammar, nothing, stop, unclear

_CLASSES: Final = {
    "no": "no ya nunca jamas tampoco",
    "refuse": "no ya nunca jamas sin ningun ninguna",
    "me": "me nos",
    "contact": "mande mandes manden mandenme mandeis envie envies envien envieis escriba escribas "
    "escriban escribais llame llames llamen llameis marque marques marquen moleste molestes molesten "
    "molesteis contacte contactes contacten contacteis textee textees texteen mensajee mensajees "
    "mensajeen hablen busquen acosen fastidien jodan chinguen hostiguen insistan",
    "contacting": "mandar mandarme mandarnos enviar enviarme enviarnos escribir escribirme "
    "escribirnos molestar molestarme molestarnos llamar llamarme llamarnos contactar contactarme "
    "textear textearme mensajear mensajearme joder fregar chingar acosar acosarme hostigar "
    "hostigarme marcar marcarme fastidiar fastidiarme insistir estar",
    "voice": "llame llames llamen llamar llamarme llamarnos marque marques marquen marcarme llamadas",
    "cease": "parenle dejenle parale dejale deja dejen deje dejad dejes para pare paren parad parar cesen cese dejar detengan "
    "detenga basta terminen termine alto",
    "of": "de del con",
    "message": "mensajes mensaje mensajitos sms textos texto msj msjs notificaciones notificacion "
    "publicidad promociones promos ofertas anuncios alertas correos propaganda spam comunicaciones "
    "avisos mensajeria llamadas publicitarios promocionales",
    "marketing": "publicidad promociones promos ofertas anuncios propaganda",
    "program": "alertas avisos notificaciones",
    "more": "mas otro otra otros otras ningun ninguna",
    "nothing": "nada",
    "det": "la las el los esta estas este estos su sus tu tus vuestra vuestro de mas mis mi ese esos "
    "esa esas ningun ninguna otro otros otra tipo clase todos todas esto eso un una",
    "want": "quiero quisiera deseo queremos necesito gustaria pido solicito desearia quiera",
    "wish": "quiero quisiera deseo queremos necesito puedo podria gustaria pido solicito desearia "
    "favor como donde me por hago para se quieren pueden podrian le les hacer puede quien y",
    "receive": "recibir recibiendo seguir saber reciba",
    "give": "dar darme darse darnos dame denme deme den doy dadme",
    "low": "baja",
    "unsub": "salirme desuscribir desuscribirme desuscribirse desuscribanme desuscribeme desuscriban "
    "desinscribirme desinscribir desapuntarme salirme desafiliarme desuscripcion",
    "cancel": "cancelo cancelar cancelen cancele cancela anular anulen anule suspender suspendan suspenda "
    "desactivar desactiven desactive detener detengan",
    "remove": "borra borre borren borrar elimina elimine eliminen eliminar quita quite quiten quitar "
    "saca saque saquen sacar retire retiren retirar remueva remuevan remover",
    "me_removed": "borrame borrenme borreme eliminame eliminenme elimineme eliminarme quitame "
    "quitenme quiteme quitarme sacame saquenme saqueme sacarme retirenme remuevanme sacadme borradme "
    "borrarme quitadme",
    "my": "mi mis este nuestro",
    "number": "numero num telefono celular cel movil nombre datos contacto informacion",
    "list": "lista listas base sistema registro registros suscripcion grupo directorio difusion datos "
    "mensajes correo contactos",
    "subscription": "suscripcion servicio todo cuenta",
    "wrong": "equivocado equivocada equivoco equivocaron equivocados incorrecto erroneo equivocaste",
    "person": "numero persona telefono",
    "back": "vuelva vuelvas vuelvan volver sigan siga sigas",
    "leave": "dejenme dejame dejeme dejennos dejadme deje dejen deja",
    "instead": "mandame mandeme mandenme escribeme escribame llamame llameme mejor excepto salvo pero "
    "hasta",
    "peace": "paz tranquilo tranquila tranquilos",
    "in": "en",
    "to": "a al",
    "and": "y",
    "consent": "consentimiento autorizacion permiso",
    "revoke": "revoco retiro revocar retirar anulo",
    "please": "por favor porfavor porfa porfis gracias muchas ya ahora inmediatamente hola senor "
    "senora nunca mas jamas ok oigan oiga oye buenas buenos dias tardes entonces pues les le te pido "
    "y ahorita amigo amiga bueno perdon disculpe usted ustedes pf porfi urgente dije "
    "carajo malditos pinche",
    "that": "que",
    "have": "tienen es esta estas tiene tienes se tienen son te este soy",
    "interested": "interesa interesado interesada interesan interes",
    "off": "vete vayanse vayase largate larguense",
    "hell": "mierda carajo diablo infierno chingada verga",
    "hate": "harto harta hartos cansado cansada acoso acosando molestando molesta molestan fastidio "
    "demasiados tantos estafa denunciar denuncia bloquear bloqueado reportar bloqueare",
    "forget": "olvides olvide olvidar dude dudes duden preocupes recibi llego llega llegan llegaron "
    "llegado tengo recibido veo encuentro puedo pude pudo funciona vi entiendo he han has hay",
}
_MACROS: Final = {
    "here": "to? (my|det) number{1,2}",
    "tail": "(please|here|me){0,7} (end|pause)",
    "messages": "(det|more){0,4} message{1,2} of? det? number?",
    "the_list": "(of|det|in){0,3} list (of det{0,2} list)?",
    "ask": "(start|pause|please|that)",
}

SPANISH: Final = Grammar(
    _CLASSES,
    (
        nothing("not.dont_stop", "'no' cease of contacting"),
        nothing("not.forget", "no (det|me|that)? forget (refuse|det|more){0,2} message?"),
        stop("phrase.do_not_contact", "ask no{1,2} me? contact me? (messages|more|here){1,2} tail"),
        stop("phrase.do_not_contact", "ask no{1,2} me? contact me? tail"),
        stop("phrase.do_not_contact", "no{1,2} me contact nothing more tail"),
        stop(
            "phrase.do_not_contact",
            "no contacting me? more{0,1} messages to? tail",
            after="(start|please|of)",
        ),
        stop(
            "phrase.do_not_contact",
            "no{1,2} me? back to? contacting (messages|more|here){0,2} tail",
        ),
        stop(
            "phrase.stop_contacting",
            "ask me? cease of{0,1} contacting{1,2} me? (messages|det|here){0,2} tail",
        ),
        stop(
            "phrase.not_wanted",
            "(start|pause|please) no{1,2} me? want please? (receive more?)? messages (of det? person)? tail",
        ),
        stop(
            "phrase.not_wanted",
            "no{1,2} want (receive nothing (more|of){0,3} | that me contact ((and|no) me? contact)? (messages|more)?) tail",
        ),
        stop("phrase.no_more", "(start|pause|please) no more message tail"),
        stop("phrase.stop_messages", "ask cease please? of? messages (and messages)? tail"),
        stop("phrase.stop_receiving", "(ask|wish) cease of receive messages tail"),
        stop(
            "phrase.unsubscribe", "(ask | wish) give me? of? low (of (det|message|list){0,4})? tail"
        ),
        stop(
            "phrase.unsubscribe",
            "(start|pause|please|wish) unsub (of (det|message|list){0,4})? tail",
        ),
        stop("phrase.cancel_messages", "(ask|wish) cancel messages tail"),
        stop("phrase.remove_me", "(ask|wish) me_removed (the_list)? tail"),
        stop("phrase.remove_me", "(ask|wish) me? remove det? my number{1,2} (the_list)? tail"),
        stop("phrase.remove_me", "(ask|wish) me wish? remove the_list tail"),
        stop("phrase.take_me_off", "('salir'|'salirme') the_list tail", after="(ask|wish)"),
        stop("phrase.cancel_messages", "(ask|wish) cancel det? subscription of messages tail"),
        stop("phrase.revoke_consent", "revoke det? my? consent"),
        stop("phrase.leave_me_alone", "(start|pause|please) leave me? in? peace tail"),
        stop("phrase.go_away", "start off to det? hell tail"),
        stop("wrong_party.number", "(start|pause|please|have|of) det? person wrong tail"),
        stop("wrong_party.number", "have? wrong of det? person tail"),
        unclear("unclear.do_not_contact", "no{1,2} me contact"),
        unclear("unclear.stop_contacting", "cease of contacting"),
        unclear("unclear.not_wanted", "no{1,2} want word{0,3} message"),
        unclear("unclear.unsubscribe", "(unsub|give me? of? low)"),
        unclear(
            "unclear.remove", "(remove det? my number|me_removed|me remove|remove word{0,3} list)"
        ),
        unclear("unclear.cancel_subscription", "cancel (my|det){0,2} subscription"),
        unclear("unclear.wrong_party", "person wrong|wrong of det? person"),
        unclear("unclear.not_interested", "no me interested|no have interested"),
        unclear(
            "unclear.refusal",
            "(refuse|cancel|remove|me_removed) word{0,6} (message|contacting|list)",
        ),
        unclear("unclear.refusal", "message word{0,4} (no|refuse)"),
        unclear("unclear.complaint", "hate any{0,5} message|message any{0,5} hate"),
        unclear("unclear.stop_messages", "cease of messages|cancel messages"),
    ),
    macros=_MACROS,
    triggers=(
        "list",
        "contact",
        "contacting",
        "message",
        "low",
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
    filler="(please|me|of)",
    support="(message|list|unsub|low|interested|hate|cease|remove|me_removed|no|wrong|no{1,2} me? contact)",
    limit_before="instead",
    limit_after="instead",
    bare="(unsub|low|me_removed|cancel any{0,4} message|remove any{0,4} (me|my|list)|refus"
    "e any{0,6} (contact|contacting|receive|message|list)|cease any{0,4} (contacting|"
    "receive|message))",
    firm="(message|more|list|nothing)",
    alone=(
        "phrase.do_not_contact",
        "phrase.stop_contacting",
        "phrase.remove_me",
        "phrase.leave_me_alone",
        "phrase.go_away",
        "wrong_party.number",
    ),
)
