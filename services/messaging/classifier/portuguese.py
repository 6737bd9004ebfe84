"""Portuguese sentences that ask for no more messages."""

from typing import Final

from services.messaging.classifier.grammar import Grammar, nothing, stop, unclear

_CLASSES: Final = {
    "no": "nao n nunca jamais",
    "refuse": "nao nunca jamais sem nenhuma nenhum",
    "me": "me mim nos",
    "contact": "mande mandem manda envie enviem envia escreva escrevam escreve ligue liguem liga "
    "perturbe perturbem perturba incomode incomodem incomoda contate contatem contacte contactem "
    "chame chamem chateie chateiem insista insistam enche encham amole amolem mandes envies ligues",
    "contacting": "mandar enviar escrever ligar perturbar incomodar contatar contactar chamar encher "
    "chatear importunar insistir mandando amolar",
    "voice": "ligue liguem liga ligar ligacoes ligues",
    "cease": "pare parem para deixe deixem deixa cesse cessem parar chega basta",
    "of": "de da do das dos com",
    "message": "mensagem mensagens msg msgs sms textos texto notificacoes notificacao propaganda "
    "propagandas promocoes ofertas anuncios alertas emails spam comunicacoes avisos publicidade "
    "ligacoes torpedos whatsapp",
    "marketing": "propaganda propagandas promocoes ofertas anuncios publicidade",
    "program": "alertas avisos notificacoes",
    "more": "mais outra outras outro outros nenhuma nenhum",
    "det": "a o as os essa essas esse esses esta estas este estes sua suas seu seus minha meu mais "
    "nenhuma nenhum outra outro outros todas todos isso isto um uma tipo de desse dessas dessa deste desta",
    "want": "quero queria desejo queremos gostaria preciso pretendo",
    "wish": "quero queria desejo queremos gostaria preciso pretendo posso como poderia faco para me "
    "pra por de eu favor onde podem pode voces voce solicito peco e",
    "receive": "receber recebendo saber continuar ter",
    "unsub": "descadastrar descadastre descadastrem descadastramento desinscrever desinscreva "
    "desinscrevam desinscricao desassinar sair",
    "cancel": "cancelar cancele cancelem cancela desativar desative desativem suspender suspendam "
    "suspenda",
    "remove": "tire tirem tira tirar remova removam remover remove retire retirem retira retirar exclua "
    "excluam excluir apague apaguem apaga apagar delete deletem deleta deletar elimine eliminem",
    "my": "meu minha meus este esse nosso",
    "number": "numero telefone celular contato nome dados numeros",
    "list": "lista listas base cadastro sistema grupo banco mailing registro dados transmissao "
    "mensagens contatos recebimento",
    "subscription": "assinatura inscricao servico tudo conta cadastro plano",
    "wrong": "errado errada engano enganado enganada equivocado",
    "person": "numero pessoa telefone",
    "leave": "deixe deixem deixa",
    "instead": "exceto mas so apenas ate",
    "peace": "paz",
    "in": "em",
    "to": "para pra pro a ao",
    "consent": "consentimento autorizacao permissao",
    "revoke": "revogo retiro revogar retirar",
    "please": "por favor pfv pf gentileza obrigado obrigada obg amigo amiga agora ja imediatamente ola oi mais "
    "nunca nada bom boa dia tarde noite entao so voces voce e eu ai hoje mesmo urgente senhor senhora "
    "porra caralho merda gente",
    "that": "que",
    "have": "e foi tem esta voce ligou mandou estao voces sao no o para pra",
    "interested": "interessa interessado interessada interesse interessam",
    "off": "va vao vai vaza vazem some sumam",
    "hell": "merda foder fuder inferno caralho porra embora",
    "hate": "cansado cansada saco assedio incomodando demais golpe fraude denunciar denuncia bloquear "
    "bloqueado bloqueando processar tantas muitas",
    "forget": "achei encontro esqueca esqueca esquece recebi chegou chegaram tenho recebido vejo consigo consegui "
    "pude vi entendi esta hesite hesitem precisa tem",
}
_MACROS: Final = {
    "here": "to? (my|det) number{1,2}",
    "tail": "(please|here|me){0,7} (end|pause)",
    "messages": "(det|more){0,4} message{1,2}",
    "the_list": "(of|det|in){0,3} list (of det{0,2} list)?",
    "ask": "(start|pause|please|that)",
}

PORTUGUESE: Final = Grammar(
    _CLASSES,
    (
        nothing("not.dont_stop", "no cease of contacting"),
        nothing("not.forget", "no (det|me|that)? forget (refuse|det|more){0,2} message?"),
        stop(
            "phrase.do_not_contact",
            "ask no me? contact (to? me)? (messages|more|here|to me){1,3} tail",
        ),
        stop(
            "phrase.do_not_contact", "no 'voltem' to? me? contacting (messages|more|here){0,2} tail"
        ),
        stop(
            "phrase.stop_contacting",
            "ask me? cease of? me? contacting ('e' contacting)? (messages|det|here|me|to){0,3} tail",
        ),
        stop(
            "phrase.not_wanted",
            "(start|pause|please) no want more? (receive more?)? messages (of (please|person))? tail",
        ),
        stop(
            "phrase.not_wanted",
            "no want more? ('ser' ('contatado'|'contatada'|'incomodado'|'incomodada') | receive more? 'nada'? (of please)? | that me contact (messages|more)?) tail",
        ),
        stop("phrase.no_more", "(start|pause|please|refuse) more message tail"),
        stop("phrase.stop_messages", "ask cease of? messages tail"),
        stop(
            "phrase.unsubscribe",
            "(start|pause|please|wish) me? unsub me? ((of|det){1,3} list (of list)?)? tail",
        ),
        stop("phrase.cancel_messages", "(ask|wish) cancel (det? list of)? messages tail"),
        stop("phrase.remove_me", "(ask|wish) me? remove me? (det? my number{1,2})? the_list tail"),
        stop("phrase.remove_me", "(ask|wish) remove det? my number{1,2} tail"),
        stop("phrase.revoke_consent", "revoke det? my? consent"),
        stop("phrase.leave_me_alone", "(start|pause|please) me? leave me? in peace tail"),
        stop("phrase.go_away", "start off (to|det|'se')? hell tail"),
        stop("wrong_party.number", "(start|pause|please|have|of) person wrong tail"),
        stop("wrong_party.number", "(start|have|please) have? wrong tail"),
        unclear("unclear.do_not_contact", "no me? contact"),
        unclear("unclear.stop_contacting", "cease of me? contacting"),
        unclear("unclear.not_wanted", "no want word{0,3} message"),
        unclear("unclear.unsubscribe", "(wish) unsub"),
        unclear("unclear.remove", "(remove det? my number|me remove|remove word{0,3} list)"),
        unclear("unclear.cancel_subscription", "cancel (my|det){0,2} subscription"),
        unclear("unclear.wrong_party", "person wrong"),
        unclear("unclear.not_interested", "no (me|have|word)? interested"),
        unclear(
            "unclear.refusal", "(refuse|cease|cancel|remove) word{0,6} (message|contacting|list)"
        ),
        unclear("unclear.refusal", "message word{0,4} (no|refuse)"),
        stop("phrase.stop_receiving", "(ask|wish) cease of receive messages tail"),
        unclear("unclear.complaint", "hate any{0,5} message|message any{0,5} hate"),
        unclear("unclear.stop_messages", "cease of? messages|cancel messages"),
    ),
    macros=_MACROS,
    triggers=(
        "list",
        "refuse",
        "cease",
        "contact",
        "contacting",
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
    filler="(please|me|of)",
    support="(message|list|unsub|interested|hate|cease|remove|wrong|no|no me? contact)",
    limit_after="instead",
    bare="(unsub|cancel any{0,4} message|remove any{0,4} (me|my|list)|refuse any{0,6} (con"
    "tact|contacting|receive|message|list)|cease any{0,4} (contacting|receive|message"
    "))",
    firm="(message|more|list)",
    alone=(
        "phrase.do_not_contact",
        "phrase.stop_contacting",
        "phrase.remove_me",
        "phrase.leave_me_alone",
        "phrase.go_away",
        "wrong_party.number",
    ),
)
