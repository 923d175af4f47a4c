"""Why a push stopped, or what keeps a person's change from being told: the codes, in words for operators."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from flows.watching.card_words import Owner

__all__ = ["PUSH_REASONS", "PushReason"]


@dataclass(frozen=True, slots=True)
class PushReason:
    """What a code means, whose job it is, and what to do."""

    title: str
    owner: Owner
    meaning: str
    todo: str


_TOKEN = PushReason(
    "省平台不让我们进入",
    "我方",
    "应用、令牌或权限不被接受。",
    "核对密钥库里的令牌是否更换过；无误的，请平台技术人员查我们的应用和权限。",
)
_CHANGED = PushReason(
    "接口不存在或格式变了",
    "省平台",
    "地址、方法或内容格式不被接受。",
    "核对配置中的接口地址；无误的，向平台技术人员索要新的接口说明。",
)
_BUSY = PushReason("省平台要求少发", "省平台", "短时间内请求过多，或对方正忙。", "不用处理，自动放慢后再报。")
_ILL = PushReason(
    "省平台出错",
    "省平台",
    "对方服务器内部错误，变更可能已被处理，先查询再决定。",
    "不用处理，自动再试；持续半天以上的，告诉平台技术人员。",
)
_AGAIN = "不用处理，自动再试；持续半天以上的，检查网络，再问平台技术人员。"
_ASK = "执行 eldersync reconcile 核对；仍不明白的，把代码告诉平台技术人员。"

PUSH_REASONS: Mapping[str, PushReason] = MappingProxyType({
    "clock-skew": PushReason("本机与省平台的时钟相差过大", "我方", "相差超过 170 秒，签名不被接受。", "校准本机时钟（timedatectl），再执行 eldersync push。"),
    "no-secret": PushReason("没有令牌", "我方", "密钥库里没有签名用的令牌。", "把令牌放进密钥库，再执行 eldersync push。"),
    "unreachable": PushReason("连不上省平台", "网络", "网络不通，或对方没有开。", _AGAIN),
    "too-slow": PushReason("省平台没有按时应答", "网络", "请求发出后没有等到应答，变更可能已被处理，先查询再决定。", _AGAIN),
    "broken-off": PushReason("连接中途断开", "网络", "请求发出后连接断了，变更可能已被处理，先查询再决定。", _AGAIN),
    "too-large": PushReason("省平台的应答过大", "省平台", "应答超过限额，没有读完。", "把代码告诉平台技术人员。"),
    "bad-certificate": PushReason("省平台的证书不可信", "省平台", "证书过期、不是它的，或由我们不认识的机构签发。", "问平台技术人员是否换过证书；自建证书的，把根证书写入配置。证书校验不能关闭。"),
    "bad-tls": PushReason("加密方式不合要求", "省平台", "对方不支持我们要求的加密。", "把代码告诉平台技术人员。"),
    "http-400": PushReason("省平台整批不接受", "省平台", "这一批的内容不被接受；程序自动折半再试，找出是哪一条。", "不用处理；单条被退回的，在问题清单中。"),
    "http-401": _TOKEN, "http-403": _TOKEN,
    "http-404": _CHANGED, "http-405": _CHANGED, "http-415": _CHANGED,
    "http-408": _ILL, "http-500": _ILL, "http-502": _ILL, "http-503": _ILL, "http-504": _ILL,
    "http-409": PushReason("省平台说有冲突", "省平台", "对方认为与已有的记录冲突，先查询再决定。", _ASK),
    "http-413": PushReason("一批过大", "省平台", "程序自动折半再试；单条仍过大的停止。", "单条仍过大的，把代码告诉平台技术人员。"),
    "http-422": PushReason("同一编号内容不同", "我方", "省平台认得我们的编号，内容却不同。多半是登记册由备份恢复过而没有标记。", "恢复过的，按手册标记并对账；没有恢复过的，请维护人员查。"),
    "http-425": _BUSY, "http-429": _BUSY,
    "http-200": PushReason("应答不是约定的内容", "省平台", "来的不是约定的应答，例如网页或登录页，多半被网关拦下。", "在本机浏览器打开接口地址看是什么页面，告诉网络或平台技术人员。"),
    "http-301": _CHANGED, "http-302": _CHANGED, "http-307": _CHANGED, "http-308": _CHANGED,
    "incomplete": PushReason("缺必填项", "来源单位", "缺少省平台必填项，或填写不合要求，暂不上报。", "请数据员补齐，补齐后自动上报。"),
    "too-many-attempts": PushReason("多次没有报成", "省平台", "同一变更多次没有结果，不再自动发送。", _ASK),
    "not-there": PushReason("省平台查无此人", "省平台", "查询时对方没有这个人。", "不用处理，自动再报。"),
    "there-twice": PushReason("省平台有两条记录", "省平台", "同一号码在对方有多条，不知道是哪一条。", _ASK),
    "other-content": PushReason("省平台的内容不同", "我方", "对方登记的内容与我们报的不同。", _ASK),
    "newer-there": PushReason("省平台的更新", "我方", "对方登记的比我们报的新。", _ASK),
    "there-already": PushReason("省平台已有此人", "我方", "我们报新增，对方已有。", _ASK),
    "no-lookup": PushReason("省平台不能查询", "省平台", "对方没有查询接口，结果无法自动查清。", "请平台查询，或导入其结果文件。"),
    "processing-too-long": PushReason("受理过久", "省平台", "对方受理后很久没有结果。", "向平台索要结果。"),
    "not-answered": PushReason("应答中没有这一条", "省平台", "整批有应答，却没有这一条的结果，先查询再决定。", _AGAIN),
})  # fmt: skip
"""By code, as ``eldersync push proof`` and the status show them."""
