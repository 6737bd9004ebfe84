"""Chinese, Japanese and Korean sentences, which are looked for as they are written."""

import re
from typing import Final

from services.messaging.classifier.grammar import Outcome
from services.messaging.classifier.normalization import fold

_ANY: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")

_STOP: Final = (
    (
        "phrase.do_not_contact",
        "(不要|别|別|勿)再?(给我|給我|向我|跟我)?(发|發|寄|传|傳|打电话|打電話|联系|聯繫|联络|聯絡|骚扰|騷擾|打扰|打擾)"
        "(送)?(我|给我|給我)?(任何)?(短信|简讯|簡訊|信息|讯息|訊息|消息|广告|廣告)?(了|给我|給我)?",
    ),
    (
        "phrase.stop_messages",
        "(停止|终止|終止|取消)(给我|給我|向我)?(发送|發送|推送|接收|发|發)(任何|这些|這些)?(短信|简讯|簡訊|信息|讯息|訊息|消息|广告|廣告|给我|給我)?",
    ),
    (
        "phrase.not_wanted",
        "(不想|不要|不愿|不願)(再|意)?(收到|接收|收)(任何|你们的|你們的|这些|這些|这种|這種)?(短信|简讯|簡訊|信息|讯息|訊息|消息|广告|廣告)(了)?",
    ),
    (
        "phrase.unsubscribe",
        "(我要|我想|想要|请|請|怎么|怎麼|如何|怎样|怎樣|帮我|幫我|请帮我)(退订|退訂|取消(短信|訊息)?(订阅|訂閱)|取消短信)",
    ),
    (
        "phrase.remove_me",
        "把我(的)?(号码|號碼|电话|電話|手机号|资料|資料)?(从.{0,6})?(删除|刪除|移除|删掉|刪掉)",
    ),
    ("phrase.remove_me", "(删除|刪除|移除)我的?(号码|號碼|电话|電話|手机号|手機號|资料|資料)"),
    (
        "wrong_party.number",
        "(你)?(打错|打錯|发错|發錯|搞错|找错|弄错)(人|号码|號碼|电话|電話)?(了)",
    ),
    (
        "phrase.stop_messages",
        "(配信|メール|メッセージ|送信|通知|sms)(を|の配信を)?(停止|解除|止め)(して|て)?(くたさい|下さい|ほしい|欲しい|したい|希望|お願い)",
    ),
    (
        "phrase.do_not_contact",
        "(もう|二度と|これ以上|今後)?(メール|メッセージ|連絡|sms|広告|電話)?(を|は)?(もう)?(送らないて|送ってこないて|送信しないて|連絡しないて|電話しないて|かけてこないて)(くたさい|下さい|もらえますか|ほしい)?",
    ),
    ("phrase.stop_messages", "(登録|購読)(を)?(解除|取り消し)(して|したい|お願い)"),
    ("wrong_party.number", "(番号|電話番号)(を)?(間違|違い|ちかい)|間違い(電話|メール)|人違い"),
    (
        "phrase.do_not_contact",
        "(더이상|더 이상|이제|다시는)? ?(문자|메시지|메세지|연락|광고|전화|스팸)?(를|을|는|은|도)? ?(그만 ?보내|보내지 ?마|보내지 ?말|하지 ?마세요|하지 ?말아|그만(해|하|$)|연락하지 ?마|전화하지 ?마|그만 ?하세요)",
    ),
    ("phrase.unsubscribe", "(문자|광고)? ?수신 ?거부$"),
    ("phrase.stop_messages", "^(解除|停止|中止)(を)?(して|お願い)(くたさい|下さい|ほしい|します)?"),
    ("phrase.unsubscribe", "取消(短信|訊息|讯息)?(订阅|訂閱)"),
    (
        "phrase.no_messages",
        "(もう)?(メール|メッセージ|広告|sms)は?(もう)?(いりません|要りません|不要(てす)?|結構てす)",
    ),
    (
        "phrase.unsubscribe",
        "(수신 ?거부|구독 ?(취소|해지)|수신 ?차단) ?(해|하고|를|을|요청|신청|부탁|할게|합니다)",
    ),
    ("phrase.remove_me", "(제|내) ?(번호|전화번호|연락처)(를|을)? ?(삭제|지워|빼)"),
    ("wrong_party.number", "(번호|전화) ?(를|가)? ?(잘못|틀)"),
)
_UNCLEAR: Final = (
    (
        "unclear.unsubscribe",
        "退订|退訂|取消订阅|取消訂閱|拒收|配信停止|受信拒否|수신 ?거부|구독 ?(취소|해지)",
    ),
    (
        "unclear.refusal",
        "(不要|别|別|勿|不想|不需要|停止|取消|讨厌|討厭|烦|煩).{0,8}(短信|简讯|簡訊|信息|讯息|訊息|消息|广告|廣告|骚扰|騷擾|联系|聯繫)",
    ),
    (
        "unclear.complaint",
        "(短信|简讯|簡訊|信息|讯息|訊息|广告|廣告|骚扰|騷擾).{0,8}(太多|烦|煩|讨厌|討厭|举报|舉報)|骚扰|騷擾|滚开|滾開|别烦我|別煩我",
    ),
    (
        "unclear.refusal",
        "(メール|メッセージ|配信|連絡|広告|迷惑).{0,10}(いらない|要らない|不要|やめて|止めて|迷惑|うさい|しつこい|停止|解除)|しつこい|迷惑",
    ),
    (
        "unclear.refusal",
        "(문자|메시지|메세지|광고|연락|스팸).{0,10}(그만|싫|말아|마세요|중지|중단|차단|귀찮|지겨)|귀찮게",
    ),
    (
        "unclear.not_interested",
        "不感兴趣|不感興趣|没兴趣|沒興趣|興味(は|か)?(ない|ありません)|관심 ?없",
    ),
)
_NOTHING: Final = re.compile(
    fold(
        "没收到|沒收到|没有收到|沒有收到|届いていない|届かない|못 ?받|안 ?왔|不要忘|别忘|別忘|忘れない"
    )
)


def _compiled(table: tuple[tuple[str, str], ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((rule_id, re.compile(fold(pattern))) for rule_id, pattern in table)


_CLEAR: Final = _compiled(_STOP)
_DOUBTFUL: Final = _compiled(_UNCLEAR)
_LETTERS: Final = re.compile(r"\w")
_SHARE: Final = 0.7
"""What part of the text a request must make up to be clear."""


def read(folded: str) -> tuple[str, Outcome] | None:
    """Return the rule that matches a text in these scripts, and what it means."""
    if _ANY.search(folded) is None:
        return None
    text = _NOTHING.sub("", folded)
    for rule_id, pattern in _CLEAR:
        match = pattern.search(text)
        if match is not None:
            # Among much else it may be about something else.
            clear = len(match[0]) >= _SHARE * len(_LETTERS.findall(text))
            return (rule_id, Outcome.STOP) if clear else ("unclear.unsupported", Outcome.UNCLEAR)
    for rule_id, pattern in _DOUBTFUL:
        if pattern.search(text) is not None:
            return rule_id, Outcome.UNCLEAR
    return None
