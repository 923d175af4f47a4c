"""The catalogue of cards: every problem an operator may be shown, whose job it is, and what to do about it.

A card is one problem of an installation as a whole (``flows.watching.cards``); what is wrong with a row is a finding (``schemas.findings``). ``eldersync help
CODE`` reads from here, and so does the operators' handbook.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

__all__ = ["CARD_WORDS", "CardWords", "Lamp", "Owner"]

Lamp = Literal["red", "yellow"]
Owner = Literal["我方", "来源单位", "省平台", "网络"]


@dataclass(frozen=True, slots=True)
class CardWords:
    """What a card of a code says wherever it comes up.

    ``command`` may name ``{run}`` and ``{source}``. ``owner`` is whose job it usually is; a card may know better.
    """

    code: str
    lamp: Lamp
    owner: Owner
    title: str
    meaning: str
    todo: str
    command: str = ""


# fmt: off
_WORDS: tuple[CardWords, ...] = (
    # The night as a whole
    CardWords("night-missed", "red", "我方", "今天的夜间运行没有完成",
        "到了约定的时刻（operations.toml 的 done_by），今天还没有一次完成的运行。多半是服务没有启动、机器停过电，或计划被暂停。",
        "先看有没有服务方面的卡片并处理；随后立即补做一次。", "eldersync run"),
    CardWords("night-stopped", "red", "我方", "夜间运行没有完成",
        "运行在某个阶段停住。停住之前完成的阶段都已保存，登记册没有半截的改动，也没有重复上报。",
        "按所列原因排除故障，再续跑（或在 Prefect 页面点 Retry，效果相同）；也可以不管，下一次运行会接着做完。", "eldersync resume {run}"),
    CardWords("night-cancelled", "red", "我方", "夜间运行被取消",
        "有人在页面上取消，或服务停机时中止了运行。已完成的阶段都已保存。",
        "确认可以继续后续跑。", "eldersync resume {run}"),
    CardWords("night-killed", "red", "我方", "夜间运行中途断了",
        "运行它的进程没有了：断电、关机，或被强行结束。已完成的阶段都已保存，没有半截的改动。",
        "直接续跑。", "eldersync resume {run}"),
    CardWords("night-hung", "red", "我方", "运行长时间没有进展",
        "一次运行占着登记册，却很久没有完成任何阶段。可能在等对方的服务器，也可能卡住了。",
        "先看日志最后几行。确实不动的，停掉服务（正在做的阶段会回退），重新启动后续跑。", "eldersync down --now && eldersync up && eldersync resume {run}"),
    CardWords("night-late", "yellow", "我方", "夜间运行到时还没有完成",
        "到了约定的时刻（operations.toml 的 done_by），今天的运行还在进行。可能数据多、对方服务器慢，或在等待。",
        "过一会儿再看状态；经常如此的，把计划提早，或把 done_by 放晚。", "eldersync status"),
    # Sources
    CardWords("source-failed", "yellow", "网络", "来源取件失败",
        "当晚没有取到这个来源的名单，沿用上次名单；其他来源不受影响。",
        "按所列原因排除（网络、对方服务器、口令），再单独补做这个来源。", "eldersync run --source {source}"),
    CardWords("source-unusable", "yellow", "来源单位", "来源文件无法使用",
        "送来的文件打不开、读不懂或还没有传完，沿用上次名单。坏文件一直留在收件夹里等更正。",
        "把报告中的原因告诉来源单位，请其重新报送；坏文件从收件夹移走。", "eldersync report {run}"),
    CardWords("source-shrunk", "yellow", "来源单位", "名单大幅减少，暂缓采用",
        "新名单比原来少得太多，为防误删暂不采用，沿用上次名单。",
        "与来源单位核实。名单有误的请其重报；确实如此的，由两人各批准一次，下一次运行采用。", "eldersync approve {run} --source {source} --by 姓名 --reason 原因"),
    CardWords("source-late", "yellow", "来源单位", "名单多日没有更新",
        "超过了与来源单位约定的天数（来源配置的 fresh_days），沿用上次名单。",
        "请数据员催报。", ""),
    CardWords("source-look", "yellow", "我方", "来源有事项须核实",
        "名单已经处理，但有一件事要人看：退回过的行在新名单中没有了、手工放入的文件代替了服务器、部分文件没有采用，或撤销过的名单还在。",
        "按所列内容核实。退回过的行没有了的，请数据员问清来源单位是注销还是漏报。", "eldersync report {run}"),
    # Rows and people
    CardWords("rows-to-return", "yellow", "来源单位", "有问题须退回更正",
        "有的行不合要求，没有入库，也不上报，须由来源单位更正。同一问题更正之前每晚都在。",
        "请数据员导出退回表和函件，发给来源单位；退回过的，期限之前不要再退（每次都编新文号，算再退一次）。更正后的文件送来，问题自动消除。", "eldersync returns {run}"),
    CardWords("rows-to-decide", "yellow", "我方", "有问题待核定",
        "有的行要由工作人员判断，核定之前没有入库，也不上报。",
        "请数据员在报告的问题清单中查看并核定。", "eldersync report {run}"),
    CardWords("identity-open", "yellow", "我方", "人员身份待核定",
        "有的记录可能是同一个人，或同一号码下可能不是同一个人。程序不猜，由人来定。",
        "请数据员逐件核定；决定会被记住，证据不变就不再问。", "eldersync decide list"),
    CardWords("decisions-retired", "yellow", "我方", "人工核定已失效",
        "来源单位改报了数据，原先的人工核定不再适用，现按来源数据登记。",
        "请数据员核对，需要的重新核定。", "eldersync decide list --all"),
    CardWords("pairs-left-out", "yellow", "我方", "部分人员未作比对",
        "同名同处的人过多，有的没有两两比对，可能有重复登记没有发现。",
        "请数据员核对同名人员；经常出现的，请维护人员调整比对的限额。", ""),
    # The push
    CardWords("push-braked", "yellow", "我方", "上报方案暂缓，等待批准",
        "首次上报、变动或退出人数过多时，整份方案先不报，由两人看过再放行。",
        "看方案；无误的由两人各批准一次，随后上报。有误的，改正来源后重新运行。", "eldersync plan {run}"),
    CardWords("push-stopped", "yellow", "省平台", "已停止上报",
        "省平台没有按约定应答（见所列原因），为防重复或丢失不再发送，变更都留存着。",
        "按原因排查：令牌、时钟、接口变更。属于对方的，请平台技术人员处理；排除后上报一次。", "eldersync push"),
    CardWords("push-away", "yellow", "网络", "省平台连续无应答",
        "多次没有应答，暂时不再发送，变更都留存着，过一会儿自动再试。",
        "一般会自行恢复。持续半天以上的，检查网络，再问平台技术人员。", "eldersync push status"),
    CardWords("push-delayed", "yellow", "省平台", "省平台暂未受理",
        "已放行的变更还没有报出去，稍后自动再报。",
        "不用处理；第二天仍在的，执行一次上报并看提示。", "eldersync push"),
    CardWords("push-rejected", "yellow", "来源单位", "省平台退回",
        "省平台不接受有的人的数据，原因见问题清单。",
        "请数据员按退回原因请来源单位更正；更正后自动再报。", "eldersync report {run}"),
    CardWords("push-open", "yellow", "省平台", "上报结果未定",
        "已经报出，还不知道省平台是否收下。程序会自动查询，查清之前不重报。",
        "不用处理；第二天仍在的，执行一次上报并看提示。", "eldersync push"),
    CardWords("push-unanswered", "yellow", "省平台", "报出两周没有结果",
        "报出后超过两周没有结果文件或应答。",
        "向平台索要结果文件并导入，或请平台查询。", "eldersync push status"),
    CardWords("push-unconfirmed", "yellow", "我方", "上报结果无法确认",
        "省平台的记录与我们报的不同，或无法查询，程序不敢重报。",
        "与省平台核对；核对的结果会列出逐项差异。", "eldersync reconcile"),
    CardWords("push-incomplete", "yellow", "来源单位", "缺少省平台必填项",
        "有的人缺少省平台的必填项或填写不合要求，暂不上报，已在登记册中。",
        "请数据员补齐；补齐后自动上报。", "eldersync report {run}"),
    CardWords("push-elsewhere", "yellow", "我方", "换过上报方式，旧结果未查清",
        "此前用另一种方式报出的变更还没有结果，查清之前不用新方式上报。",
        "按所列步骤把 target 改回，上报到没有未定结果，再改过来。", "eldersync push status"),
    CardWords("registry-restored", "yellow", "我方", "登记册由备份恢复，须先对账",
        "恢复后的登记册不知道此后报过什么，对账之前不上报。",
        "执行对账，之后上报自动恢复。", "eldersync reconcile"),
    CardWords("night-noted", "yellow", "我方", "上次运行有提示",
        "上次运行结束时有事项提示，现在已没有待办；下一次运行后状态更新。",
        "不用处理；想现在更新的，再运行一次。", "eldersync run"),
    # The machine
    CardWords("configuration-invalid", "red", "我方", "配置有误",
        "配置文件缺少、多出或写错了内容，运行无法开始。",
        "按所列文件和项目改正，再检查一遍。", "eldersync config check"),
    CardWords("database-down", "red", "我方", "数据库没有应答",
        "登记册所在的 PostgreSQL 连不上。数据还在，运行暂时不能进行。",
        "看日志 logs/postgres.log 和磁盘空间；用外部数据库的，请其管理员处理。", "eldersync doctor"),
    CardWords("registry-schema", "red", "我方", "登记册结构与程序版本不符",
        "程序更新过而登记册没有升级，或程序比登记册旧。",
        "新程序：执行升级。旧程序：换回与登记册相符的版本，不要强行运行。", "eldersync upgrade"),
    CardWords("server-down", "red", "我方", "调度服务没有运行",
        "到点启动夜间运行的服务不在了：机器重启后没有启动，或进程没有了。",
        "启动它；每次开机都要手工启动的，请安装 systemd 单元。", "eldersync up"),
    CardWords("server-silent", "red", "我方", "调度服务没有应答",
        "调度服务的进程还在，却不应答。",
        "停掉再启动；再犯的，看日志 logs/prefect-server.log。", "eldersync down --now && eldersync up"),
    CardWords("worker-dead", "red", "我方", "执行程序没有运行",
        "调度服务在，真正执行运行的程序（worker）没有了，到点也不会开始。",
        "启动它。", "eldersync up"),
    CardWords("supervisor-dead", "yellow", "我方", "看护服务的进程没有了",
        "调度服务和执行程序都在，夜间运行照常；但它们若再停，不会自动重新启动。",
        "再启动一次，会接着看护，不打断正在进行的运行。", "eldersync up"),
    CardWords("schedule-empty", "red", "我方", "没有排定下一次夜间运行",
        "调度服务在，但夜间运行的计划被删除、暂停，或没有排出下一次。",
        "重新启动服务，会重新登记全部计划；在页面上暂停过的，在页面上恢复。", "eldersync down && eldersync up"),
    CardWords("disk-low", "red", "我方", "磁盘空间不足",
        "工作目录所在磁盘的剩余空间低于限度，运行可能中途停住。",
        "清理磁盘，或按保留期限清理旧文件（先看数字再加 --yes）。", "eldersync prune"),
    CardWords("clock-off", "red", "我方", "本机时钟不准",
        "本机时钟与省平台相差过大：超过 170 秒时签名不被接受，也会弄错业务日期。",
        "校准时钟并打开自动对时。", "timedatectl"),
    CardWords("clock-jumped", "yellow", "我方", "本机时钟跳动过",
        "时钟被突然改过。业务日期、到期日都依赖时钟。",
        "核对现在的时间；不对的校准，并打开自动对时。", "timedatectl"),
    CardWords("backup-old", "yellow", "我方", "备份过旧",
        "最近一次备份的时间超过了限度（operations.toml 的 backup_days），或从来没有备份。",
        "马上备份一次；备份目录在别的磁盘上的，看它是否还挂着。", "eldersync backup"),
    CardWords("message-failed", "yellow", "网络", "消息没有发出去",
        "每晚一条的消息（企业微信、钉钉、邮件或文件）没有发出，夜间运行不受影响。",
        "按所列原因检查网络、机器人地址或邮箱口令；会自动再试。", "eldersync doctor"),
    CardWords("watch-state", "yellow", "我方", "看守程序记不下状态",
        "工作目录的 watch 文件夹写不进去，同一问题可能每五分钟提示一次。",
        "检查磁盘空间和文件夹权限。", "eldersync doctor"),
)
# fmt: on

CARD_WORDS: Mapping[str, CardWords] = MappingProxyType({words.code: words for words in _WORDS})
"""Every card by its code, the gravest first."""
