"""Code lists: the words of the registry's vocabulary and their Chinese labels, and the words people write for them.

What a bare ``1`` means belongs to the source (``config/sources``), because 1 is 男 in one export and 女 in another.
"""

from types import MappingProxyType

__all__ = ["CATEGORIES", "CODE_LISTS", "WORDS"]

CODE_LISTS: MappingProxyType[str, MappingProxyType[str, str]] = MappingProxyType(
    {
        "sex": MappingProxyType({"male": "男", "female": "女"}),
        "yes_no": MappingProxyType({"yes": "是", "no": "否"}),
        "category": MappingProxyType(
            {
                "living_alone": "独居",
                "empty_nest": "空巢",
                "left_behind": "留守",
                "incapacitated": "失能",
                "severely_disabled": "重残",
                "family_planning_special": "计划生育特殊家庭",
            }
        ),
        "disability_category": MappingProxyType(
            {"1": "视力", "2": "听力", "3": "言语", "4": "肢体", "5": "智力", "6": "精神", "7": "多重"}
        ),
        "disability_level": MappingProxyType({"1": "一级", "2": "二级", "3": "三级", "4": "四级"}),
        "ability_level": MappingProxyType(
            {"0": "能力完好", "1": "轻度失能", "2": "中度失能", "3": "重度失能", "4": "完全失能"}
        ),
        "certificate_status": MappingProxyType(
            {"valid": "正常", "expired": "过期", "cancelled": "注销", "moved": "迁移", "suspended": "冻结"}
        ),
        "family_planning_type": MappingProxyType({"bereaved": "失独", "disabled_child": "伤残"}),
        "life_status": MappingProxyType(
            {
                "living": "正常", "deceased": "死亡", "moved_away": "迁出", "in_institution": "入住机构", "refused": "拒绝服务",
            }
        ),
        "elder_status": MappingProxyType({"active": "在册", "withdrawn": "已退出"}),
        "relation": MappingProxyType(
            {
                "head": "户主", "self": "本人", "spouse": "配偶", "son": "子", "daughter": "女", "daughter_in_law": "儿媳",
                "son_in_law": "女婿", "grandchild": "孙辈", "parent": "父母", "grandparent": "祖辈", "sibling": "兄弟姐妹",
                "other_relative": "其他亲属", "not_related": "非亲属",
            }
        ),
    }
)  # fmt: skip

CATEGORIES: tuple[str, ...] = tuple(CODE_LISTS["category"])
"""The six types in the registry's order (notice.txt 附件1, 对象类型)."""

# Words and phrases seen on forms, after blanks are removed. Labels above are added to each list.
WORDS: MappingProxyType[str, MappingProxyType[str, str]] = MappingProxyType(
    {
        "sex": MappingProxyType(
            {"男性": "male", "女性": "female", "M": "male", "F": "female", "male": "male", "female": "female"}
        ),
        "yes_no": MappingProxyType(
            {
                "安全": "yes", "不安全": "no", "有": "yes", "无": "no", "√": "yes", "✓": "yes", "×": "no", "Y": "yes",
                "N": "no", "yes": "yes", "no": "no", "较安全": "yes", "有隐患": "no", "存在隐患": "no",
            }
        ),
        "category": MappingProxyType(
            {
                "独居老人": "living_alone", "独居老年人": "living_alone", "living_alone": "living_alone",
                "空巢老人": "empty_nest", "空巢老年人": "empty_nest", "empty_nest": "empty_nest",
                "留守老人": "left_behind", "留守老年人": "left_behind", "农村留守老年人": "left_behind",
                "left_behind": "left_behind",
                "失能老人": "incapacitated", "失能老年人": "incapacitated", "incapacitated": "incapacitated",
                "重残老人": "severely_disabled", "重残老年人": "severely_disabled", "重度残疾": "severely_disabled",
                "重度残疾人": "severely_disabled", "重度残疾老年人": "severely_disabled",
                "severely_disabled": "severely_disabled",
                "计生特殊家庭": "family_planning_special", "计生特殊家庭老年人": "family_planning_special",
                "计划生育特殊家庭老年人": "family_planning_special", "计划生育特殊家庭老人": "family_planning_special",
                "计特家庭": "family_planning_special", "失独": "family_planning_special",
                "失独家庭": "family_planning_special", "计生特扶": "family_planning_special",
                "family_planning_special": "family_planning_special",
            }
        ),
        "disability_category": MappingProxyType(
            {
                "视力残疾": "1", "听力残疾": "2", "言语残疾": "3", "语言": "3", "语言残疾": "3", "肢体残疾": "4",
                "智力残疾": "5", "精神残疾": "6", "多重残疾": "7", "盲": "1", "聋": "2",
                "1": "1", "2": "2", "3": "3", "4": "4", "5": "5", "6": "6", "7": "7",
            }
        ),
        "disability_level": MappingProxyType(
            {
                "1": "1", "2": "2", "3": "3", "4": "4", "1级": "1", "2级": "2", "3级": "3", "4级": "4", "一": "1",
                "二": "2", "三": "3", "四": "4", "壹级": "1", "贰级": "2", "叁级": "3", "肆级": "4",
                "极重度": "1", "重度": "2", "中度": "3", "轻度": "4",
            }
        ),
        "ability_level": MappingProxyType(
            {
                "0": "0", "1": "1", "2": "2", "3": "3", "4": "4", "0级": "0", "1级": "1", "2级": "2", "3级": "3",
                "4级": "4", "一级": "1", "二级": "2", "三级": "3", "四级": "4", "轻度": "1", "中度": "2", "重度": "3",
                "完全": "4", "完好": "0", "完全丧失": "4", "自理": "0", "可自理": "0", "轻度丧失": "1", "中度丧失": "2",
                "重度丧失": "3",
            }
        ),
        "certificate_status": MappingProxyType(
            {
                "有效": "valid", "在用": "valid", "正常使用": "valid", "已过期": "expired", "失效": "expired",
                "过期失效": "expired", "已注销": "cancelled", "迁出": "moved", "已迁移": "moved", "已冻结": "suspended",
            }
        ),
        "life_status": MappingProxyType(
            {
                "在世": "living", "健在": "living", "在家": "living", "去世": "deceased", "已去世": "deceased", "已死亡": "deceased",
                "已故": "deceased", "亡故": "deceased", "病故": "deceased", "迁走": "moved_away", "已迁出": "moved_away",
                "迁移": "moved_away", "搬离": "moved_away", "机构养老": "in_institution", "入住养老机构": "in_institution",
                "住养老院": "in_institution", "敬老院": "in_institution", "拒绝": "refused", "本人拒绝": "refused",
            }
        ),
        "family_planning_type": MappingProxyType(
            {
                "死亡": "bereaved", "独生子女死亡": "bereaved", "失独家庭": "bereaved", "死亡家庭": "bereaved",
                "独生子女死亡家庭": "bereaved", "伤残家庭": "disabled_child", "独生子女伤残": "disabled_child",
                "独生子女伤残家庭": "disabled_child", "残疾": "disabled_child", "伤病残": "disabled_child",
            }
        ),
        "relation": MappingProxyType(
            {
                "户主本人": "head", "户主": "head", "本人": "self", "老伴": "spouse", "丈夫": "spouse", "夫": "spouse",
                "妻": "spouse", "妻子": "spouse", "老公": "spouse", "老婆": "spouse", "夫妻": "spouse", "儿子": "son",
                "长子": "son", "次子": "son", "三子": "son", "四子": "son", "独生子": "son", "养子": "son",
                "赖子": "son", "女儿": "daughter", "长女": "daughter", "次女": "daughter", "三女": "daughter",
                "独生女": "daughter", "养女": "daughter", "妹子": "daughter", "媳妇": "daughter_in_law",
                "心舅": "daughter_in_law", "儿媳妇": "daughter_in_law", "孙": "grandchild", "孙子": "grandchild",
                "孙女": "grandchild", "外孙": "grandchild", "外孙子": "grandchild", "外孙女": "grandchild",
                "曾孙": "grandchild", "父": "parent", "母": "parent", "父亲": "parent", "母亲": "parent",
                "公公": "parent", "婆婆": "parent", "岳父": "parent", "岳母": "parent", "祖父": "grandparent",
                "祖母": "grandparent", "爷爷": "grandparent", "奶奶": "grandparent", "外祖父": "grandparent",
                "外祖母": "grandparent", "兄": "sibling", "弟": "sibling", "姐": "sibling", "妹": "sibling",
                "哥哥": "sibling", "弟弟": "sibling", "姐姐": "sibling", "妹妹": "sibling", "兄弟": "sibling",
                "侄子": "other_relative", "侄女": "other_relative", "外甥": "other_relative",
                "外甥女": "other_relative", "亲属": "other_relative", "其他": "other_relative", "保姆": "not_related",
                "0": "head", "1": "spouse", "2": "son", "3": "daughter", "4": "grandchild", "5": "parent",
                "6": "grandparent", "7": "sibling", "8": "other_relative", "01": "self", "02": "head",
                "10": "spouse", "11": "spouse", "12": "spouse", "20": "son", "30": "daughter",
                "28": "son_in_law", "38": "daughter_in_law", "97": "other_relative", "99": "not_related",
            }
        ),
    }
)  # fmt: skip
