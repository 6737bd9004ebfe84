"""The words that are a request when they are the whole message, by language.

English: 47 CFR 64.1200(a)(10) names stop, quit, end, revoke, opt out, cancel and unsubscribe; the
others are words that carriers act on (Telnyx: advanced opt-in/out management) or that a reasonable
person understands. A consumer may answer in the language of the message.
"""

from typing import Final

from services.messaging.classifier.normalization import fold
from services.messaging.classifier.tokens import key, word_set


def _keys(text: str) -> frozenset[str]:
    """Return the entries of a list, divided by semicolons, as whole messages are compared."""
    return frozenset(key(fold(entry)) for entry in text.split(";"))


STRONG: Final = _keys(
    "stop;stopp;stopit;stopme;unsubscribe;unsub;unsubscribing;unsubscribe me;unsubscribe all;"
    "unsubscribeall;optout;optingout;opt me out;optoutall;opt out all;stopall;stopp all;"
    "stop2quit;stop2end;stop2stop;cease;cease and desist;desist;halt;unenroll;"
    "no more texts;no more messages"
)
"""Words that mean nothing else: a line that is one of them says something."""

PER_SE: Final = _keys("cancel;end;quit;revoke;remove;remove me;discontinue;take me off")
"""Words that revoke when they are the whole message and mean other things elsewhere."""

BY_LANGUAGE: Final = {
    "es": _keys(
        "alto;alto ya;parar;pare;paren;baja;darse de baja;darme de baja;dar de baja;dame de baja;"
        "deme de baja;denme de baja;dar baja;solicito baja;cancelar;cancele;cancelen;detener;"
        "detenga;detengan;deténganse;no más;ya no más;no más mensajes;salir;basta;ya basta;basta ya;"
        "desuscribir;desuscribirme;desuscribirse;desuscripción;desinscribir;desinscribirme;"
        "no molestar;no molesten;no me molesten;no enviar;no enviar más;eliminarme;sacarme;bórrame;"
        "bórrenme;bórreme;elimíname;elimínenme;sáquenme;sácame;quítenme;quítame;stop mensajes"
    ),
    "pt": _keys(
        "parar;pare;parem;sair;cancelar;cancele;cancelem;remover;descadastrar;descadastre;"
        "descadastrar-me;me descadastrar;descadastramento;desinscrever;desinscrever-me;desassinar;"
        "não enviar;não perturbe;me remova;remova-me;me tira da lista;basta"
    ),
    "fr": _keys(
        "arret;arrêter;arrêtez;désabonner;désabonnement;désabonnez-moi;me désabonner;se désabonner;"
        "désabonne-moi;désabonnez;désabonne;désinscription;désinscrire;me désinscrire;"
        "se désinscrire;désinscrivez-moi;cesser;cessez;annuler;stop sms;stop pub;stop publicité;"
        "retirez-moi"
    ),
    "de": _keys(
        "stopp;abmelden;bitte abmelden;mich abmelden;abmeldung;abbestellen;abbestellung;abbestellt;"
        "austragen;austragung;aufhören;hören Sie auf;hört auf;keine SMS mehr;keine Nachrichten mehr;"
        "keine Werbung;keine Werbung mehr;widerrufen"
    ),
    "it": _keys(
        "basta;basta messaggi;basta sms;cancellami;cancellatemi;cancellare;cancellazione;annullare;"
        "disiscrivimi;disiscriviti;disiscrizione;disiscrivermi;disiscrivere;smettere;smettete;"
        "smettetela;rimuovimi;rimuovetemi;interrompere;no sms;niente messaggi"
    ),
    "ru": _keys(
        "стоп;отписаться;отписка;отпишите;отпишите меня;отписать;отпиши;отпиши меня;хватит;"
        "прекратите;прекрати;не беспокоить;не беспокойте;не пишите;больше не пишите;отстаньте;"
        "отмена подписки"
    ),
    "zh": _keys(
        "退订;退訂;回复退订;取消订阅;取消訂閱;停止;请停止;請停止;停止发送;停止發送;停发;停發;拒收;"
        "取消短信;不要再发;不要再發;别发了;別發了;别再发了;別再發了"
    ),
    "ja": _keys(
        "配信停止;配信停止希望;配信解除;配信不要;停止;解除;登録解除;購読解除;受信拒否;ストップ;やめて;"
        "やめてください;送らないで;送らないでください;もう送らないで;連絡しないで;連絡しないでください"
    ),
    "ko": _keys(
        "수신거부;수신 거부;무료거부;무료수신거부;수신중지;수신 중지;수신차단;거부;중지;정지;그만;"
        "구독취소;구독 취소;구독해지;구독 해지;스톱;스탑;그만 보내;그만 보내세요;보내지 마;보내지마;"
        "보내지 마세요;보내지마세요;연락하지 마세요;문자 보내지 마세요"
    ),
}
"""Opt-out words of other languages, whole messages only."""

HINTED: Final = {
    "es": _keys(
        "para;ya no;fin;eliminar;borrar;quitar;terminar;dejar;anular;finalizar;remover;suspender;"
        "detente;cancelar suscripción;anular suscripción"
    ),
    "pt": _keys(
        "para;fim;excluir;apagar;anular;suspender;retirar;finalizar;chega;não quero mais;encerrar;"
        "desativar;me tira;me tire;cancelar inscrição;cancelar assinatura"
    ),
    "fr": _keys(
        "fin;quitter;supprimer;résilier;terminer;sortir;retirer;arrête;ça suffit;plus rien;désactiver"
    ),
    "de": _keys(
        "ende;kündigen;kündigung;löschen;raus;schluss;schluss damit;hör auf;beenden;widerruf"
    ),
    "it": _keys(
        "fine;esci;termina;elimina;togli;uscire;arresta;stoppa;ferma;fermare;fermati;cancella;annulla;"
        "disattiva;disattivare;smetti;smettila;rimuovi;interrompi;revoca"
    ),
    "ru": _keys(
        "отмена;отменить;удалить;удалите;выход;конец;отказ;отказаться;остановить;остановите;"
        "остановитесь;отключить;отключите"
    ),
    "zh": _keys("td;t;n;终止;停;退出;取消;滚;不要"),
    "ja": _keys("キャンセル;解約;取消;不要;不要です;終了;削除;中止;止めて;止めてください;退会"),
    "ko": _keys("취소;해지;삭제;종료;거절;탈퇴;차단"),
}
"""Words that are too common to opt out by themselves: unclear, unless we wrote in that language."""

UNCLEAR: Final = _keys(
    "stopped;stopping;stops;make it stop;exit;leave;please leave;block;blocked;block me;report;report spam;so annoying;"
    "reported;unsubscribed;unfollow;opt;opted out;delete;delete me;erase me;deactivate;disable;"
    "terminate;suspend;abort;pause;mute;dnd;dnc;do not disturb;revoked;cancelled;canceled;cancel all;"
    "cancelall;cancel it;cancel this;cancel everything;end it;end this;end all;the end;quit it;"
    "quit this;quit all;i quit;remove it;spam;spam spam;scam;fraud;junk;harassment;unwanted;enough;"
    "enough already;too much;too many texts;too many messages;no more;never;never again;over it;"
    "im out;not for me;not for me thanks;not me;not interested;no interest;no thanks;no thank you;nothanks;no thx;"
    "cut it out;knock it off;"
    "go to hell;eat shit;you suck;td;alto spam"
) | _keys(
    "no me interesa;no estoy interesado;no estoy interesada;no gracias;ya no gracias;no mas gracias;"
    "pas intéressé;pas intéressée;non merci;kein interesse;nein danke;nicht interessiert;"
    "não obrigado;não obrigada;não tenho interesse;sem interesse;no grazie;non mi interessa;"
    "non sono interessato;не интересует;не интересно;нет спасибо;不需要;不感兴趣;不感興趣;没兴趣;不用了;"
    "結構です;興味ないです;いりません;관심없어요;관심 없습니다;필요 없어요;필요없어요"
)
"""Whole messages that may well be an opt-out: a person decides."""

START: Final = _keys("start;unstop")
"""The carrier's words, and no others: it would keep its block for any other."""

NEAR_START: Final = _keys(
    "resubscribe;re subscribe;subscribe;subscribe me;optin;opt me in;opt back in;sign me up;resume;"
    "sign me back up;startall;start all;restart texts;unblock;unblock me;unsubscribe undo;"
    "inicio;iniciar;comenzar;empezar;suscribir;suscribirme;suscribirse;alta;inscrever;assinar;"
    "iniciar mensagens;começar;abonner;m'abonner;s'abonner;reprendre;démarrer;commencer;anmelden;"
    "starten;fortsetzen;iscrivimi;iscriviti;inizia;avvia;iscrizione;старт;подписаться;начать;возобновить;"
    "订阅;訂閱;开始;開始;恢复;登録;購読;再開;구독;시작;재개;resume texts;unstopp;unstop all"
)
"""Whole messages that seem to ask for messages again."""

HELP: Final = _keys(
    "help;info;ayuda;aide;ajuda;hilfe;aiuto;помощь;помогите;справка;帮助;幫助;ヘルプ;도움;도움말"
)

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

POLITE: Final = word_set(
    "plese pleas pleaze please pls plz plse pleez plss plzz kindly thanks thankyou thank thx ty tysm tnx cheers now "
    "immediately immediatly asap atonce rightnow "
    "por favor porfavor porfa porfis gracias muchas ya ahora inmediatamente hola senor senora "
    "obrigado obrigada agora imediatamente gentileza vous plait svp merci maintenant bonjour "
    "immediatement suite bitte danke sofort jetzt mal endlich hallo umgehend per favore piacere "
    "grazie subito ora adesso ciao пожалуиста спасибо сеичас немедленно"
)
"""What may stand beside any opt-out word and change nothing."""

LOOSE: Final = POLITE | word_set(
    "ok okay yes yeah hey hi hello dear sir maam madam it this these those just and or the i said mean "
    "but seriously already again today forever fucking fuckin damn dammit goddamn ffs ever "
    "everything all completely permanently s il te stp sim oui ja si"
)
"""What may stand beside a word that means nothing else."""

LAUGHTER: Final = word_set(
    "lol lolol lols lmao lmfao lmaoo rofl roflmao haha hahaha hahahaha hahah hehe hehehe hah "
    "jk jkjk kidding nvm nevermind xd lolz bahaha jaja jajaja jajajaja rsrs kkk kkkk mdr ptdr "
    "hihi ahah ahahah ahaha ahahaha 😂 🤣 😆 😹 😝 😜"
)

STOP_SIGN: Final = "\U0001f6d1"
HOSTILE_SIGNS: Final = word_set("🚫 ✋ ⛔ 🔕 🖕 🙅")

STOPPING: Final = frozenset().union(STRONG, PER_SE, *BY_LANGUAGE.values())
SINGLE_STOPS: Final = frozenset(word for word in STOPPING if " " not in word)
SINGLE_STRONG: Final = frozenset(word for word in STRONG if " " not in word)
SOMETIMES_STOPPING: Final = frozenset().union(*HINTED.values()) - {"n", "t", "fine"}
RESERVED_STOPS: Final = STRONG | PER_SE
"""What a campaign cannot give another meaning."""
SPELLED_OUT: Final = frozenset(
    word for word in SINGLE_STOPS | HELP if word.isascii() and len(word) > 2
)
"""What is read even letter by letter."""
