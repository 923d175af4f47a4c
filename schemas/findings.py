"""The catalogue of findings: every code, how grave it is, whose it is, and the words for the sender.

A finding is something wrong or worth saying about a file, row, cell or person. ``config/rules.toml`` may change a severity.
The words are for data officers, in official terms, and never quote a cell; rows that carry findings are made elsewhere.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

__all__ = ["CATALOGUE", "ID_NUMBER_JUDGED_IN_ORDER", "Finding", "FindingRule", "Group", "Owner", "Severity"]

Group = Literal["file", "identity", "person", "category", "household", "between", "push"]
Owner = Literal["sender", "civil_affairs", "platform"]


class Severity(StrEnum):
    """What a finding does to its row."""

    REJECT = "reject"  # the row is held: out of the registry and of the push, until it is corrected
    HOLD = "hold"  # the row is held until a person has decided
    WARN = "warn"  # admitted and reported
    NOTE = "note"  # admitted, kept for the record


class Finding(StrEnum):
    """Stable code of a finding; it stands in exports, in return workbooks and in the registry."""

    FILE_UNREADABLE = "file-unreadable"
    FILE_ENCRYPTED = "file-encrypted"
    FILE_EMPTY = "file-empty"
    FILE_TOO_LARGE = "file-too-large"
    FILE_HOSTILE = "file-hostile"
    ENCODING_UNDECODABLE = "encoding-undecodable"
    HEADER_NOT_FOUND = "header-not-found"
    COLUMN_MISSING = "column-missing"
    COLUMN_DUPLICATED = "column-duplicated"
    COLUMN_UNKNOWN = "column-unknown"
    DELIVERY_REPEATED = "delivery-repeated"
    DELIVERY_SHRUNK = "delivery-shrunk"
    LINE_BROKEN = "line-broken"

    ID_NUMBER_MISSING = "id-number-missing"
    ID_NUMBER_STORED_AS_NUMBER = "id-number-stored-as-number"
    ID_NUMBER_CHARACTERS = "id-number-characters"
    ID_NUMBER_LENGTH = "id-number-length"
    ID_NUMBER_BIRTH_DATE = "id-number-birth-date"
    ID_NUMBER_CHECKSUM = "id-number-checksum"
    ID_NUMBER_UPGRADED = "id-number-upgraded"
    ID_NUMBER_REPAIRED = "id-number-repaired"
    ID_NUMBER_REGION_UNKNOWN = "id-number-region-unknown"
    ID_TYPE_UNSUPPORTED = "id-type-unsupported"
    SEX_MISMATCH = "sex-mismatch"
    BIRTH_DATE_MISMATCH = "birth-date-mismatch"
    AGE_UNDER_SIXTY = "age-under-sixty"
    AGE_IMPLAUSIBLE = "age-implausible"

    NAME_MISSING = "name-missing"
    NAME_CHARACTERS = "name-characters"
    PHONE_FORMAT = "phone-format"
    CODE_UNKNOWN = "code-unknown"
    DATE_FORMAT = "date-format"
    DATE_FUTURE = "date-future"
    AMOUNT_FORMAT = "amount-format"
    AMOUNT_NEGATIVE = "amount-negative"
    DIVISION_UNKNOWN = "division-unknown"
    DIVISION_INCONSISTENT = "division-inconsistent"
    ADDRESS_MISSING = "address-missing"

    CATEGORY_MISSING = "category-missing"
    CATEGORY_UNKNOWN = "category-unknown"
    CERTIFICATE_FORMAT = "certificate-format"
    CERTIFICATE_ID_MISMATCH = "certificate-id-mismatch"
    CERTIFICATE_CATEGORY_MISMATCH = "certificate-category-mismatch"
    CERTIFICATE_LEVEL_MISMATCH = "certificate-level-mismatch"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_CANCELLED = "certificate-cancelled"
    SEVERELY_DISABLED_WITHOUT_CERTIFICATE = "severely-disabled-without-certificate"
    SEVERELY_DISABLED_LEVEL = "severely-disabled-level"
    ABILITY_LEVEL_MISSING = "ability-level-missing"
    ABILITY_ASSESSMENT_OLD = "ability-assessment-old"
    FAMILY_TYPE_UNKNOWN = "family-type-unknown"

    HOUSEHOLD_HEAD_MISSING = "household-head-missing"
    HOUSEHOLD_RELATION_UNKNOWN = "household-relation-unknown"
    HOUSEHOLD_MEMBER_ID = "household-member-id"

    DUPLICATE_EXACT = "duplicate-exact"
    DUPLICATE_CONFLICTING = "duplicate-conflicting"
    SAME_NUMBER_DIFFERENT_PERSON = "same-number-different-person"
    SAME_PERSON_DIFFERENT_NUMBER = "same-person-different-number"
    SOURCES_CONTRADICT = "sources-contradict"

    PLATFORM_REJECTED = "platform-rejected"
    PLATFORM_UNKNOWN_OUTCOME = "platform-unknown-outcome"


ID_NUMBER_JUDGED_IN_ORDER: tuple[Finding, ...] = (
    Finding.ID_NUMBER_MISSING,
    Finding.ID_NUMBER_STORED_AS_NUMBER,
    Finding.ID_NUMBER_CHARACTERS,
    Finding.ID_NUMBER_LENGTH,
    Finding.ID_NUMBER_BIRTH_DATE,
    Finding.ID_NUMBER_CHECKSUM,
)
"""An ID number's own faults. Only the first is reported: the later ones cannot be judged once an earlier one holds."""


@dataclass(frozen=True, slots=True)
class FindingRule:
    """What stands behind a code: its weight, who has to act, and the words an officer reads."""

    code: Finding
    severity: Severity
    group: Group
    owner: Owner  # sender: the body that delivered; civil_affairs: our officer decides; platform: its operators
    label: str
    meaning: str
    remedy: str
    expected: str


_F, _S = Finding, Severity

# fmt: off
_RULES: tuple[FindingRule, ...] = (
    # File
    FindingRule(_F.FILE_UNREADABLE, _S.REJECT, "file", "sender", "文件无法打开",
        "报送文件已损坏，或不是可以读取的格式，整份文件未处理。",
        "请用办公软件打开核对，另存为 .xlsx 或 .csv 后重新报送。", "能正常打开的表格、文本或登记表文件"),
    FindingRule(_F.FILE_ENCRYPTED, _S.REJECT, "file", "sender", "文件已加密",
        "报送文件设有打开密码，没有约定密码或约定的密码不对，整份文件未处理。",
        "请取消打开密码后重新报送；需要保密传递的，请使用约定的密码或报送渠道。", "未设打开密码，或使用约定密码的文件"),
    FindingRule(_F.FILE_EMPTY, _S.REJECT, "file", "sender", "文件没有数据",
        "报送文件中没有任何数据行，未作处理，原有名单保持不变。",
        "请核对是否报送了正确的文件，并重新报送；本期确无人员的，请书面告知民政部门。", "表头之下至少一行数据"),
    FindingRule(_F.FILE_TOO_LARGE, _S.REJECT, "file", "sender", "文件过大",
        "报送文件的大小或读取所需的时间、内存超过限额，整份文件未处理。",
        "请删除图片、空白行和无关工作表，或按镇（街道）拆分后重新报送。", "大小在系统限额以内的文件"),
    FindingRule(_F.FILE_HOSTILE, _S.REJECT, "file", "sender", "文件含有危险内容",
        "报送文件含有宏、嵌入对象、异常压缩等可能危害系统安全的内容，整份文件未处理。",
        "请对电脑查杀病毒，把数据复制到新建的工作簿后重新报送。", "不含宏、嵌入对象和异常压缩内容的文件"),
    FindingRule(_F.ENCODING_UNDECODABLE, _S.REJECT, "file", "sender", "文字编码无法识别",
        "文本文件的编码无法确定，或各行编码不一致，汉字不能还原，整份文件未处理。",
        "请另存为 .xlsx，或以 UTF-8 编码另存为 .csv 后重新报送。", "UTF-8 或 GB18030（含 GBK）编码"),
    FindingRule(_F.HEADER_NOT_FOUND, _S.REJECT, "file", "sender", "找不到表头",
        "工作表前部没有找到约定的列名，不能判断各列内容，整份文件未处理。",
        "请按约定的模板填写，保留列名所在的行后重新报送。", "含有姓名、身份证号码等约定列名的表头行"),
    FindingRule(_F.COLUMN_MISSING, _S.REJECT, "file", "sender", "缺少必需的列",
        "表头中缺少必需的列，整份文件未处理。",
        "请按约定的模板补齐该列及其内容后重新报送。", "模板规定的必需列齐全"),
    FindingRule(_F.COLUMN_DUPLICATED, _S.REJECT, "file", "sender", "列名重复",
        "表头中有两列或多列表示同一项目，不能判断以哪一列为准，整份文件未处理。",
        "请保留正确的一列，删除或改名其余各列后重新报送。", "每个项目只有一列"),
    FindingRule(_F.COLUMN_UNKNOWN, _S.WARN, "file", "sender", "未约定的列",
        "表头中有未约定的列名，该列内容没有采用，其余各列照常处理。",
        "请核对列名是否写错；确需增加项目的，请与民政部门约定。", "模板规定的列名或其常用别名"),
    FindingRule(_F.DELIVERY_REPEATED, _S.NOTE, "file", "sender", "重复报送",
        "本文件与以前报送的文件完全相同，没有重复处理。",
        "一般无需处理；如本应报送新的名单，请核对后重新报送。", "内容有更新的文件"),
    FindingRule(_F.DELIVERY_SHRUNK, _S.HOLD, "file", "civil_affairs", "名单大幅减少",
        "本次全量名单比上次大幅减少，超过设定限额，减少的人员暂不退出，等待人工核定。",
        "请与报送单位核实名单是否完整：不完整的请其重新报送；确属完整的，调整 rules.toml 的限额后再运行。", "与上次名单相比减少的人数在限额以内"),
    FindingRule(_F.LINE_BROKEN, _S.REJECT, "file", "sender", "数据行错位",
        "该行的列数与表头不一致，或引号没有配对，各项内容可能错位，该行未采用。",
        "请检查该行是否多出或缺少分隔符、换行符、引号，改正后重新报送。", "与表头列数相同的数据行"),

    # Identity
    FindingRule(_F.ID_NUMBER_MISSING, _S.REJECT, "identity", "sender", "身份证号码未填写",
        "身份证号码为空，不能确认人员身份，该行未采用。",
        "请查验居民身份证或户口簿，补填身份证号码。", "18 位公民身份号码"),
    FindingRule(_F.ID_NUMBER_STORED_AS_NUMBER, _S.REJECT, "identity", "sender", "身份证号码被存成数值",
        "单元格为数值格式，电子表格只保留前 15 位，后几位已经丢失，即使校验码碰巧相符也不可采信，该行未采用。",
        "请先将该列设为文本格式，再按证件原件重新录入，不要只修改单元格格式。", "以文本格式保存的 18 位公民身份号码"),
    FindingRule(_F.ID_NUMBER_CHARACTERS, _S.REJECT, "identity", "sender", "身份证号码含有不应出现的字符",
        "身份证号码中有数字以外的字符（仅末位可以是 X），该行未采用。",
        "请按证件原件核对，删除或改正多余的文字、字母和符号。", "前 17 位为数字，末位为数字或 X"),
    FindingRule(_F.ID_NUMBER_LENGTH, _S.REJECT, "identity", "sender", "身份证号码位数不对",
        "身份证号码不是 18 位（也不是旧的 15 位），有漏填或多填，该行未采用。",
        "请按证件原件核对，补齐或删除相应的数字。", "18 位公民身份号码（旧号码 15 位）"),
    FindingRule(_F.ID_NUMBER_BIRTH_DATE, _S.REJECT, "identity", "sender", "身份证号码中的出生日期不存在",
        "身份证号码第 7 至 14 位不是真实的日期，或晚于今天，该行未采用。",
        "请按证件原件核对第 7 至 14 位的年、月、日。", "真实存在且不晚于今天的年月日"),
    FindingRule(_F.ID_NUMBER_CHECKSUM, _S.REJECT, "identity", "sender", "身份证号码校验码不符",
        "按国家标准 GB 11643 由前 17 位算出的校验码与末位不符，其中至少有一位填错，该行未采用。",
        "请按证件原件逐位核对，特别注意相邻数字颠倒和相近数字误填。", "末位与前 17 位算出的校验码一致"),
    FindingRule(_F.ID_NUMBER_UPGRADED, _S.NOTE, "identity", "sender", "15 位身份证号码已升为 18 位",
        "填写的是 15 位旧号码，已按国家标准补上世纪和校验码。",
        "一般无需处理；建议在本单位名单中改用 18 位号码。", "18 位公民身份号码"),
    FindingRule(_F.ID_NUMBER_REPAIRED, _S.NOTE, "identity", "sender", "身份证号码书写已规范",
        "号码中的全角字符、空格、小写 x 等书写问题已规范，号码本身没有改变，校验码相符。",
        "一般无需处理；建议在本单位名单中改为半角数字和大写 X。", "半角数字，末位 X 大写，无空格和符号"),
    FindingRule(_F.ID_NUMBER_REGION_UNKNOWN, _S.NOTE, "identity", "sender", "身份证号码的地区码未收录",
        "号码开头的地区码不在已知的省级代码之内。地区码只作提示，不影响采用。",
        "请按证件原件核对前 6 位；与原件一致的无需处理。", "已知省级代码开头的地区码"),
    FindingRule(_F.ID_TYPE_UNSUPPORTED, _S.HOLD, "identity", "civil_affairs", "不是居民身份证号码",
        "所填内容像是护照、通行证、军官证等其他证件的号码，系统不能据此确认身份，等待人工核定。",
        "请向报送单位索取居民身份证、港澳台居民居住证或外国人永久居留身份证的 18 位号码。",
        "居民身份证、港澳台居民居住证或新版外国人永久居留身份证的 18 位号码"),
    FindingRule(_F.SEX_MISMATCH, _S.WARN, "identity", "sender", "性别与身份证号码不一致",
        "所填性别与身份证号码第 17 位所示性别（单数男、双数女）不一致。",
        "请按证件原件核对性别和号码，改正填错的一项；号码历史上编错的请注明。", "与身份证号码第 17 位一致的性别"),
    FindingRule(_F.BIRTH_DATE_MISMATCH, _S.WARN, "identity", "sender", "出生日期与身份证号码不一致",
        "所填出生日期与身份证号码第 7 至 14 位不一致。",
        "请按证件原件核对，改正填错的一项；注意不要填写农历日期。", "与身份证号码第 7 至 14 位一致的公历日期"),
    FindingRule(_F.AGE_UNDER_SIXTY, _S.REJECT, "identity", "sender", "未满六十周岁",
        "按身份证号码计算，业务日期当天未满 60 周岁，不属于老年人，该行未采用。",
        "请核对身份证号码；号码无误的请从名单中移出，满 60 周岁后再报送。", "业务日期当天已满 60 周岁"),
    FindingRule(_F.AGE_IMPLAUSIBLE, _S.HOLD, "identity", "civil_affairs", "年龄过高待核实",
        "按身份证号码计算年龄超过 120 周岁，可能号码填错或人员已去世，等待人工核定。",
        "请向村（居）核实本人是否健在、号码是否正确，再作决定。", "60 至 120 周岁"),

    # Person
    FindingRule(_F.NAME_MISSING, _S.REJECT, "person", "sender", "姓名未填写",
        "姓名为空，该行未采用。", "请按居民身份证补填姓名。", "与居民身份证一致的姓名"),
    FindingRule(_F.NAME_CHARACTERS, _S.WARN, "person", "sender", "姓名含有异常字符",
        "姓名中有数字、符号、乱码或无法显示的生僻字。",
        "请按居民身份证改正；生僻字请用支持 GB18030 的输入法录入。", "汉字姓名，少数民族姓名可含间隔号“·”"),
    FindingRule(_F.PHONE_FORMAT, _S.WARN, "person", "sender", "电话号码格式不对",
        "电话号码不是 11 位手机号码，也不是带区号的固定电话，可能漏位、多位或填了其他内容。",
        "请与本人或村（居）核实后改正；固定电话请加区号。", "11 位手机号码，或区号加固定电话号码"),
    FindingRule(_F.CODE_UNKNOWN, _S.WARN, "person", "sender", "选项不在规定范围",
        "所填内容不是该项目规定的选项，该项未采用，其余内容照常采用。",
        "请从规定的选项中选择一项填写。", "该项目规定的选项之一"),
    FindingRule(_F.DATE_FORMAT, _S.WARN, "person", "sender", "日期不能识别",
        "所填内容不是完整、真实的日期，该项未采用。",
        "请填写公历年、月、日，例如 2024-06-30。", "年-月-日格式的公历日期"),
    FindingRule(_F.DATE_FUTURE, _S.WARN, "person", "sender", "日期晚于今天",
        "该日期应当已经发生，但所填日期晚于今天，该项未采用。",
        "请核对年份和月份后改正。", "不晚于今天的日期"),
    FindingRule(_F.AMOUNT_FORMAT, _S.WARN, "person", "sender", "金额不能识别",
        "所填内容不是以元为单位的金额，该项未采用。",
        "请只填写以元为单位的数字，不写文字说明；没有的填 0。", "以元为单位的数字，最多两位小数"),
    FindingRule(_F.AMOUNT_NEGATIVE, _S.WARN, "person", "sender", "金额为负数",
        "金额小于零，不符合实际，该项未采用。", "请核对后填写零或正数。", "零或正数，以元为单位"),
    FindingRule(_F.DIVISION_UNKNOWN, _S.WARN, "person", "sender", "行政区划名称未收录",
        "所填县（市、区）、乡镇（街道）或村（居）在行政区划表中找不到。",
        "请按现行行政区划填写全称；确属新设或更名的请告知民政部门。", "行政区划表中的现行名称"),
    FindingRule(_F.DIVISION_INCONSISTENT, _S.WARN, "person", "sender", "行政区划上下级不一致",
        "所填村（居）不属于所填乡镇（街道），或乡镇（街道）不属于所填县（市、区）。",
        "请核对县、镇、村三级名称，改正填错的一级。", "有隶属关系的县、镇、村名称"),
    FindingRule(_F.ADDRESS_MISSING, _S.WARN, "person", "sender", "地址未填写",
        "户籍地址和居住地址均为空，不能确定由哪个村（居）上门探访。",
        "请补填户籍地址和现居住地址，写到村（居）。", "写到村（居）的地址"),

    # Category
    FindingRule(_F.CATEGORY_MISSING, _S.REJECT, "category", "sender", "对象类型未填写",
        "登记表没有勾选任何对象类型，不能列入特殊困难老年人，该行未采用。",
        "请按实际情况勾选，可以多选。", "独居、空巢、留守、失能、重残、计划生育特殊家庭中的一项或多项"),
    FindingRule(_F.CATEGORY_UNKNOWN, _S.WARN, "category", "sender", "对象类型不在六类之中",
        "所填对象类型不是规定的六类之一，该类型未采用，其余类型照常采用。",
        "请改为规定的六类名称，多类之间用顿号分隔。", "独居、空巢、留守、失能、重残、计划生育特殊家庭"),
    FindingRule(_F.CERTIFICATE_FORMAT, _S.WARN, "category", "sender", "残疾人证号不合规则",
        "残疾人证号应为 18 位身份证号码加残疾类别和等级各一位，补办的再加 B 和一位数字，所填内容不符合。",
        "请按残疾人证原件核对后改正，并以文本格式保存。", "20 位残疾人证号，补办的为 22 位"),
    FindingRule(_F.CERTIFICATE_ID_MISMATCH, _S.HOLD, "category", "civil_affairs", "残疾人证号与身份证号码不一致",
        "残疾人证号前 18 位与身份证号码不同，可能填了他人证件，也可能身份证号码曾经更正，等待人工核定。",
        "请与残联、公安核实两个号码是否属于同一人，再作决定。", "残疾人证号前 18 位与身份证号码相同"),
    FindingRule(_F.CERTIFICATE_CATEGORY_MISMATCH, _S.WARN, "category", "sender", "残疾类别与残疾人证号不一致",
        "所填残疾类别与残疾人证号第 19 位不一致。",
        "请按残疾人证原件核对，改正填错的一项；重新评定的请填新证号。", "与残疾人证号第 19 位一致的残疾类别"),
    FindingRule(_F.CERTIFICATE_LEVEL_MISMATCH, _S.WARN, "category", "sender", "残疾等级与残疾人证号不一致",
        "所填残疾等级与残疾人证号第 20 位不一致。",
        "请按残疾人证原件核对，改正填错的一项；重新评定的请填新证号。", "与残疾人证号第 20 位一致的残疾等级"),
    FindingRule(_F.CERTIFICATE_EXPIRED, _S.WARN, "category", "sender", "残疾人证已过有效期",
        "残疾人证的有效期早于业务日期，人员类型暂予保留。",
        "请提醒本人或监护人换证，换证后更新有效期。", "不早于业务日期的有效期"),
    FindingRule(_F.CERTIFICATE_CANCELLED, _S.NOTE, "category", "sender", "残疾人证已注销",
        "残疾人证状态为注销，重残类型自此终止。",
        "确已注销的无需处理；状态填错的请改正后重新报送。", "状态正常的残疾人证"),
    FindingRule(_F.SEVERELY_DISABLED_WITHOUT_CERTIFICATE, _S.WARN, "category", "sender", "重残老年人没有残疾人证号",
        "勾选了重残，但没有残疾人证号，也没有残联的记录可以证明。",
        "请补填残疾人证号；没有办证的请与残联联系评定。", "一级或二级残疾人证的证号"),
    FindingRule(_F.SEVERELY_DISABLED_LEVEL, _S.WARN, "category", "sender", "残疾等级不属于重残",
        "列为重残，但残疾等级不在重残规定的等级之内。",
        "请按残疾人证核对等级；等级无误的请取消重残类型。", "残疾等级一级或二级（另有规定的从其规定）"),
    FindingRule(_F.ABILITY_LEVEL_MISSING, _S.WARN, "category", "sender", "能力等级未填写",
        "列入失能名单，但没有能力等级，暂按失能对待。",
        "请补填能力评估等级、评估标准和评估日期。", "轻度、中度、重度或完全失能等级"),
    FindingRule(_F.ABILITY_ASSESSMENT_OLD, _S.WARN, "category", "sender", "能力评估已超过期限",
        "能力评估距业务日期已超过规定的期限，结论可能不再符合现状。",
        "请安排重新评估，并更新能力等级和评估日期。", "期限以内的能力评估（一般为 12 个月）"),
    FindingRule(_F.FAMILY_TYPE_UNKNOWN, _S.WARN, "category", "sender", "计划生育特殊家庭类型不明",
        "家庭类型为空，或不是规定的类型，不能区分独生子女死亡家庭和伤残家庭。",
        "请按确认材料填写家庭类型。", "失独（独生子女死亡）或伤残（独生子女伤残）"),

    # Household
    FindingRule(_F.HOUSEHOLD_HEAD_MISSING, _S.WARN, "household", "sender", "家庭成员中没有户主",
        "家庭成员表中没有与户主关系为户主的人员。",
        "请按户口簿补填户主，或改正与户主关系。", "每户有一名户主"),
    FindingRule(_F.HOUSEHOLD_RELATION_UNKNOWN, _S.WARN, "household", "sender", "与户主关系不能识别",
        "所填与户主关系不是规定的称谓，该项未采用。",
        "请按户口簿填写与户主关系，注意是与户主而不是与老年人的关系。", "配偶、子、女、儿媳、父母等规定称谓"),
    FindingRule(_F.HOUSEHOLD_MEMBER_ID, _S.WARN, "household", "sender", "家庭成员身份证号码有误",
        "所填家庭成员的身份证号码位数不对或校验码不符，或所属服务对象的号码未填、在名单中找不到。",
        "请按证件原件核对家庭成员和服务对象的身份证号码。", "18 位公民身份号码，服务对象在同一名单中"),

    # Between rows and sources
    FindingRule(_F.DUPLICATE_EXACT, _S.NOTE, "between", "sender", "重复行",
        "同一名单中有身份证号码和内容都相同的行，只保留一行。",
        "一般无需处理；建议在本单位名单中删除重复行。", "每人一行"),
    FindingRule(_F.DUPLICATE_CONFLICTING, _S.WARN, "between", "civil_affairs", "同一人多行且内容不同",
        "同一名单中同一身份证号码有多行，内容不同，已采用最新的一行。",
        "请核对采用的一行是否正确；不正确的请报送单位只保留正确的一行。", "每人一行，或各行内容一致"),
    FindingRule(_F.SAME_NUMBER_DIFFERENT_PERSON, _S.HOLD, "between", "civil_affairs", "同一号码疑为不同的人",
        "同一身份证号码对应的姓名、性别或出生日期互相矛盾，可能是不同的人，等待人工核定。",
        "请向报送单位和公安核实号码属于哪一人，另一人补填正确的号码。", "一个身份证号码只对应一人"),
    FindingRule(_F.SAME_PERSON_DIFFERENT_NUMBER, _S.HOLD, "between", "civil_affairs", "同一人疑有不同号码",
        "姓名、出生日期和村（居）相同，或号码只差一两位，可能是同一人填了不同的号码，等待人工核定。",
        "请按证件原件核实：是同一人的确认现用号码，不是同一人的分别保留。", "一人只有一个现用身份证号码"),
    FindingRule(_F.SOURCES_CONTRADICT, _S.WARN, "between", "civil_affairs", "各单位数据不一致",
        "不同单位对同一人的同一项目说法不同，已按采信规则取用其中一个。",
        "请核对采用的内容；与实际不符的请告知相应单位更正。", "各单位对同一项目的内容一致"),

    # Push
    FindingRule(_F.PLATFORM_REJECTED, _S.WARN, "push", "sender", "省平台退回",
        "省级平台退回了该人员的变更，平台上仍是原来的内容，本系统的登记不受影响；退回原因见本条所列。",
        "请按退回原因核对该项内容，改正后重新报送，系统会再次推送；内容无误的请告知民政部门与省级平台核对。", "省级平台答复接收成功"),
    FindingRule(_F.PLATFORM_UNKNOWN_OUTCOME, _S.HOLD, "push", "platform", "省平台结果不明",
        "推送后没有得到省级平台的明确答复，不知是否已经接收，为避免重复，在核对之前不再推送。",
        "请执行核对，或请省级平台运维人员查询该人员是否已经入库。", "省级平台对每一条推送的明确答复"),
)
# fmt: on

CATALOGUE: MappingProxyType[Finding, FindingRule] = MappingProxyType({rule.code: rule for rule in _RULES})
"""The rule of every code, in the order of the catalogue."""
