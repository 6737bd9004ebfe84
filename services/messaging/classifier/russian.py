"""Russian sentences that ask for no more messages."""

from typing import Final

from services.messaging.classifier.grammar import Grammar, nothing, stop, unclear

_CLASSES: Final = {
    "no": "не никогда",
    "refuse": "не никогда без никаких хватит",
    "me": "мне меня нам нас на",
    "contact": "пишите пиши писать присылаите присылаи присылать шлите слать звоните звони звонить "
    "беспокоите беспокоить отправляите отправлять связываитесь тревожьте доставаите спамьте",
    "voice": "звоните звони звонить звонки",
    "cease": "прекратите прекрати перестаньте перестань хватит остановите кончаите",
    "message": "сообщения сообщение сообщении смс рассылка рассылку рассылки рассылок рекламу реклама "
    "рекламы уведомления уведомлении спам спама предложения звонки",
    "marketing": "рекламу реклама рекламы предложения",
    "more": "больше",
    "det": "эти ваши ваше вашу вашеи свои больше от вас с из все эту этот ваша никаких свои вашего",
    "want": "хочу желаю буду хотел хотела хотим",
    "wish": "хочу как можно мне я могу желаю прошу нужно надо хотел бы хотела где вас",
    "receive": "получать видеть",
    "unsub": "отказаться отказываюсь отписаться отпишите отписать отпиши отписываюсь отписка",
    "remove": "удалите удали уберите убери исключите вычеркните сотрите удалить убрать",
    "my": "мои мои этот",
    "number": "номер телефон данные контакт",
    "list": "списка рассылки базы списков базе",
    "from": "из с от",
    "wrong": "ошиблись ошибся ошибка ошиблась неправильныи неверныи",
    "person": "номером номер",
    "leave": "оставьте оставь",
    "instead": "кроме но только до",
    "peace": "покое",
    "in": "в",
    "please": "вы пожалуиста спасибо больше мне меня сеичас и на этот номер здравствуите вас я уже мои никогда "
    "немедленно добрыи день сюда пож да ну все",
    "consent": "согласие разрешение",
    "revoke": "отзываю отозвать",
    "off": "отстаньте отстань отвалите отвали",
    "interested": "интересует интересно интересны интересуют",
    "hate": "надоели надоел достали жалоба заблокирую блокирую замучили",
    "forget": "пришло приходит приходят получил получила вижу пришли забудь забудьте могу могла мог",
}
_MACROS: Final = {"tail": "(please){0,6} (end|pause)", "ask": "(start|pause|please|wish)"}

RUSSIAN: Final = Grammar(
    _CLASSES,
    (
        nothing("not.forget", "no (me|det)? forget (refuse|det|more){0,2} message?"),
        stop(
            "phrase.do_not_contact",
            "(ask|more) no (me|more){0,2} contact (me|more|det|message){0,4} tail",
        ),
        stop("phrase.stop_contacting", "ask cease (me)? contact (me|det|message){0,4} tail"),
        stop(
            "phrase.not_wanted", "no want (more)? receive (det|more){0,3} message (det){0,2} tail"
        ),
        stop("phrase.stop_messages", "ask cease (det){0,2} message tail"),
        stop(
            "phrase.unsubscribe",
            "(start|pause|please|wish) unsub (me|please){0,2} (from (det|message){1,3})? tail",
        ),
        stop(
            "phrase.remove_me",
            "ask remove (please|me){0,2} (my? number|me) (from det{0,2} list)? tail",
        ),
        stop("phrase.revoke_consent", "revoke det? consent"),
        stop("phrase.leave_me_alone", "(start|pause|please) leave me in peace tail"),
        stop("phrase.go_away", "start off (me|from|please){0,3} end"),
        stop("wrong_party.number", "(start|pause|please) wrong person tail"),
        unclear("unclear.do_not_contact", "no me? contact"),
        unclear("unclear.stop_contacting", "cease me? contact"),
        unclear("unclear.unsubscribe", "unsub"),
        unclear("unclear.remove", "remove my? number|remove me"),
        unclear("unclear.wrong_party", "wrong person"),
        unclear("unclear.not_interested", "no (me)? interested"),
        unclear("unclear.refusal", "(refuse|cease|remove) word{0,6} (message|list|contact)"),
        unclear("unclear.refusal", "message word{0,4} no"),
        unclear("unclear.complaint", "hate any{0,5} message|message any{0,5} hate"),
    ),
    macros=_MACROS,
    triggers=(
        "list",
        "cease",
        "refuse",
        "contact",
        "message",
        "unsub",
        "remove",
        "wrong",
        "leave",
        "interested",
        "off",
        "revoke",
    ),
    filler="(please|me)",
    support="(message|list|unsub|interested|hate|cease|remove|wrong|no me? contact)",
    limit_after="instead",
    bare="(unsub|remove any{0,4} (me|my|list)|refuse any{0,6} (contact|receive|message|lis"
    "t)|cease any{0,4} (contact|receive|message))",
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
