"""The words that are a request when they are the whole message, by language.

English: 47 CFR 64.1200(a)(10) names stop, quit, end, revoke, opt out, cancel and unsubscribe; the
others are words that carriers act on (Telnyx: advanced opt-in/out management) or that a reasonable
person understands. A consumer may answer in the language of the message.
"""

from typing import Final

from services.messaging.classifier.normalization import fold
from services.messaging.classifier.tokens import key


def _keys(text: str) -> frozenset[str]:
    """Return the entries of a list, divided by semicolons, as whole messages are compared."""
    return frozenset(key(fold(entry)) for entry in text.split(";"))


STRONG: Final = _keys(
    "stop;stopp;stopit;unsubscribe;unsub;unsubscribing;optout;optingout;opt me out;stopall;unstopall;"
    "cease;cease and desist;desist;unenroll;stop2quit;stop2end;stop2stop;unsubscribe me;stopme;"
    "unsubscribe all;optoutall;opt out all;unsubscribeall;stopp all;no more texts;no more messages;"
    "stopps;stopping all;halt"
) - {"unstopall", "stopps", "stopping all"}
"""Words that mean nothing else: a line, or a sentence, that is one of them says something."""

PER_SE: Final = _keys("cancel;end;quit;revoke;remove;remove me;discontinue;take me off")
"""Words that revoke when they are the whole message and mean other things elsewhere."""

BY_LANGUAGE: Final = {
    "es": _keys(
        "alto;alto ya;parar;pare;paren;baja;darse de baja;darme de baja;dar de baja;dame de baja;"
        "deme de baja;denme de baja;dar baja;solicito baja;cancelar;cancele;cancelen;cancelen todo;"
        "detener;detente;detenga;detengan;detengase;deténganse;no más;ya no;ya no más;"
        "no más mensajes;salir;basta;ya basta;basta ya;desuscribir;desuscribirme;desuscribirse;"
        "desuscripción;desinscribir;desinscribirme;anular suscripción;cancelar suscripción;"
        "no molestar;no molesten;no enviar;no enviar más;no me molesten;stop mensajes;eliminarme;"
        "sacarme;bórrame;bórrenme;bórreme;elimíname;elimínenme;sáquenme;sácame;quítenme;quítame"
    ),
    "pt": _keys(
        "parar;pare;parem;sair;cancelar;cancele;cancelem;remover;descadastrar;descadastre;"
        "descadastrar-me;me descadastrar;descadastramento;desinscrever;desinscrever-me;"
        "não quero mais;cancelar inscrição;cancelar assinatura;chega;basta;encerrar;desassinar;"
        "não enviar;não perturbe;me remova;remova-me;me tira;me tire;opt-out;desativar"
    ),
    "fr": _keys(
        "arret;arrêt;arrêter;arrêtez;arrête;désabonner;désabonnement;désabonnez-moi;me désabonner;"
        "se désabonner;désabonne-moi;désabonnez;désabonne;désinscription;désinscrire;me désinscrire;"
        "se désinscrire;désinscrivez-moi;stop sms;annuler;cesser;cessez;ça suffit;plus rien;"
        "stop pub;stop publicité;retirez-moi;désactiver"
    ),
    "de": _keys(
        "stopp;abmelden;abbestellen;abmeldung;abbestellung;austragen;aufhören;beenden;hör auf;"
        "hören Sie auf;hört auf;bitte abmelden;keine SMS mehr;keine Nachrichten mehr;keine Werbung;"
        "keine Werbung mehr;abbestellt;austragung;widerruf;widerrufen;mich abmelden;schluss damit"
    ),
    "it": _keys(
        "basta;ferma;fermare;fermati;cancellami;cancellatemi;cancellare;cancella;cancellazione;"
        "annulla;annullare;disiscrivimi;disiscriviti;disiscrizione;disiscrivermi;disiscrivere;"
        "disattiva;disattivare;smetti;smettila;smettetela;rimuovi;rimuovimi;rimuovetemi;"
        "basta messaggi;basta sms;interrompi;interrompere;no sms;niente messaggi;revoca"
    ),
    "ru": _keys(
        "стоп;отписаться;отписка;отпишите;отпишите меня;отписать;хватит;прекратите;прекрати;"
        "отказ;отказаться;остановить;остановите;остановитесь;отключить;отключите;не беспокоить;"
        "не беспокойте;больше не пишите;не пишите;отстаньте;отпиши;отпиши меня;отмена подписки"
    ),
    "zh": _keys(
        "退订;退訂;取消订阅;取消訂閱;停止;停;拒收;停止发送;停止發送;请停止;請停止;退出;不要再发;"
        "不要再發;别发了;別發了;别再发了;別再發了;回复退订;取消短信;停发;停發"
    ),
    "ja": _keys(
        "配信停止;停止;解除;登録解除;配信解除;受信拒否;中止;やめて;やめてください;購読解除;配信不要;"
        "ストップ;止めて;止めてください;送らないで;送らないでください;連絡しないで;連絡しないでください;"
        "もう送らないで;退会;配信停止希望;不要です"
    ),
    "ko": _keys(
        "수신거부;수신 거부;거부;중지;그만;정지;구독취소;구독 취소;구독해지;구독 해지;무료거부;"
        "무료수신거부;수신중지;수신 중지;스톱;스탑;그만 보내;그만 보내세요;보내지 마;보내지마;"
        "보내지 마세요;보내지마세요;연락하지 마세요;문자 보내지 마세요;탈퇴;차단;수신차단"
    ),
}
"""Opt-out words of other languages, whole messages only."""

HINTED: Final = {
    "en": _keys("stops;exit;leave;halt;delete;delete me"),
    "es": _keys(
        "para;fin;eliminar;borrar;quitar;terminar;dejar;anular;finalizar;remover;suspender;renunciar;"
        "no gracias;no;no me interesa"
    )
    - {"no", "no gracias", "no me interesa"},
    "pt": _keys("para;fim;excluir;apagar;anular;suspender;retirar;finalizar"),
    "fr": _keys("fin;quitter;supprimer;résilier;terminer;sortir;retirer"),
    "de": _keys("ende;kündigen;löschen;raus;schluss;nein danke;kündigung") - {"nein danke"},
    "it": _keys("fine;esci;termina;elimina;togli;uscire;arresta;stoppa"),
    "ru": _keys("отмена;отменить;удалить;удалите;выход;конец"),
    "zh": _keys("td;t;取消;n;滚;不要"),
    "ja": _keys("キャンセル;取消;不要;終了;削除"),
    "ko": _keys("취소;해지;삭제;종료;거절"),
}
"""Words that are too common to opt out by themselves: unclear, unless we wrote in that language."""

UNCLEAR: Final = _keys(
    "exit;leave;halt it;unsubscribed;stopped;stopping;block;blocked;block me;spam;scam;fraud;enough;"
    "enough already;td;delete;delete me;erase me;pause;mute;reported;report;cancelled;canceled;cancel all;cancelall;"
    "end all;quit all;cancel everything;cancel it;cancel this;end it;end this;quit it;quit this;"
    "the end;not interested;no thanks;no thankyou;no thx;nothanks;too many texts;too many messages;"
    "too much;no more;no mas gracias;never;never again;go to hell;harassment;im out;i quit;out;off;"
    "unfollow;deactivate;disable;terminate;suspend;drop;drop me;kill;abort;dnd;do not disturb;"
    "dnc;revoked;opt;opted out;optedout;unwanted;no me interesa;no gracias;ya no gracias;"
    "no estoy interesado;no estoy interesada;pas intéressé;pas intéressée;non merci;kein interesse;"
    "nein danke;nicht interessiert;não obrigado;não obrigada;não tenho interesse;sem interesse;"
    "no grazie;non mi interessa;non sono interessato;не интересует;не интересно;нет спасибо;"
    "不需要;不感兴趣;不感興趣;没兴趣;不用了;謝謝不用;結構です;興味ないです;いりません;관심없어요;관심 없습니다;"
    "필요 없어요;필요없어요;spam spam;trash;junk;remove it;cut it out;knock it off;make it stop;"
    "why;wrong person;not me;basta per favore;alto spam;please leave;no texts;no text;no texting;"
    "no messages;no sms;no spam;no calls;no ads;no"
) - {"why", "no"}
"""Whole messages that may well be an opt-out: a person decides."""

START: Final = _keys("start;unstop")
"""The carrier's words, and no others: it would keep its block for any other."""

NEAR_START: Final = _keys(
    "resubscribe;re subscribe;subscribe;subscribe me;optin;opt me in;opt back in;sign me up;resume;"
    "sign me back up;startall;start all;restart texts;unblock;unblock me;unsubscribe undo;"
    "inicio;iniciar;comenzar;empezar;suscribir;suscribirme;suscribirse;alta;inscrever;assinar;"
    "iniciar mensagens;começar;abonner;m'abonner;s'abonner;reprendre;démarrer;commencer;anmelden;"
    "starten;fortsetzen;iscrivimi;iscriviti;inizia;avvia;iscrizione;старт;подписаться;начать;возобновить;"
    "订阅;訂閱;开始;開始;恢复;登録;購読;再開;구독;시작;재개;resume texts;start start;unstopp;unstop all"
)
"""Whole messages that seem to ask for messages again."""

HELP: Final = _keys(
    "help;info;ayuda;aide;ajuda;hilfe;aiuto;помощь;помогите;справка;帮助;幫助;ヘルプ;도움;도움말;sos help"
) - {"sos help"}

YES: Final = _keys(
    "yes;y;yep;yeah;yup;yes i agree;i agree;agree;confirm;i confirm;confirmed;si;sí acepto;acepto;"
    "confirmo;sim;aceito;oui;j'accepte;je confirme;ja;bestätigen;ich stimme zu;sì;accetto;confermo;да;"
    "согласен;согласна;是;同意;好;はい;同意する;네;예;동의;yess;yes yes"
)
"""What answers an open question whether messages are wanted."""

NEARLY_YES: Final = _keys(
    "ok;okay;k;sure;alright;ok sure;fine;vale;d'accord;ok danke;va bene;да ладно;行;可以;오케이;좋아요;承知"
)
"""Agreement that is not the word that was asked for."""

POLITE: Final = frozenset(
    " ".join(
        (
            "please pls plz plse pleez plss plzz kindly thanks thankyou thank thx ty tysm tnx now "
            "immediately immediatly asap atonce rightnow cheers",
            "por favor porfavor porfa porfis gracias muchas ya ahora inmediatamente hola senor senora",
            "obrigado obrigada agora ja imediatamente gentileza",
            "s il te vous plait svp merci maintenant bonjour immediatement de suite tout",
            "bitte danke sofort jetzt mal endlich hallo umgehend",
            "per favore piacere grazie subito ora adesso ciao",
            "пожалуиста спасибо сеичас немедленно",
        )
    ).split()
) - {"de", "tout", "il", "s", "te", "ja"}
"""What may stand beside any opt-out word and change nothing."""

LOOSE: Final = POLITE | frozenset(
    [
        "ok",
        "okay",
        "yes",
        "yeah",
        "hey",
        "hi",
        "hello",
        "dear",
        "sir",
        "maam",
        "madam",
        "it",
        "this",
        "just",
        "and",
        "or",
        "the",
        "i",
        "said",
        "mean",
        "seriously",
        "already",
        "again",
        "today",
        "forever",
        "fucking",
        "fuckin",
        "damn",
        "dammit",
        "goddamn",
        "ffs",
        "ever",
        "everything",
        "all",
        "completely",
        "permanently",
        "s",
        "il",
        "te",
        "stp",
        "sim",
        "oui",
        "ja",
        "si",
    ]
)
"""What may stand beside a word that means nothing else."""

LAUGHTER: Final = frozenset(
    [
        "lol",
        "lolol",
        "lols",
        "lmao",
        "lmfao",
        "lmaoo",
        "rofl",
        "roflmao",
        "haha",
        "hahaha",
        "hahahaha",
        "hahah",
        "hehe",
        "hehehe",
        "hah",
        "jk",
        "jkjk",
        "kidding",
        "nvm",
        "nevermind",
        "xd",
        "lolz",
        "bahaha",
        "jaja",
        "jajaja",
        "jajajaja",
        "rsrs",
        "kkk",
        "kkkk",
        "mdr",
        "ptdr",
        "hihi",
        "ahah",
        "ahahah",
        "ahaha",
        "ahahaha",
        "😂",
        "🤣",
        "😆",
        "😹",
        "😝",
        "😜",
    ]
)

STOP_SIGN: Final = "\U0001f6d1"
HOSTILE_SIGNS: Final = frozenset(["🚫", "✋", "⛔", "🔕", "🖕", "🙅"])

STOPPING: Final = frozenset().union(STRONG, PER_SE, *BY_LANGUAGE.values())
SINGLE_STOPS: Final = frozenset(word for word in STOPPING if " " not in word)
SINGLE_STRONG: Final = frozenset(word for word in STRONG if " " not in word)
SOMETIMES_STOPPING: Final = frozenset().union(*HINTED.values())
RESERVED_STOPS: Final = STRONG | PER_SE
"""What a campaign cannot give another meaning."""
SPELLED_OUT: Final = frozenset(
    word for word in SINGLE_STOPS | HELP if word.isascii() and len(word) > 2
)
"""What is read even letter by letter."""
