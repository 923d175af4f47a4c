"""Rules that compare or compute, in pandas: for the ways that take a column of answers."""

import pandas as pd

from bench.validation_rules import DATE, RULES, BenchRule, check_characters

__all__ = ["FORM", "NUMBER", "compared"]

FORM = {rule.column: rule.value for rule in RULES if rule.kind == "form"}
NUMBER = FORM["id_number"]


def compared(table: pd.DataFrame, rule: BenchRule) -> pd.Series:
    """Which rows break a rule; a comparison is only made where both sides have the right form."""
    values = table[rule.column]
    if rule.kind == "not_after":
        return values.str.fullmatch(DATE, na=False) & (values > rule.value)
    number = table["id_number"]
    sound = number.str.fullmatch(NUMBER, na=False)
    if rule.kind == "checksum":
        broken = ~sound & sound
        chosen = number[sound]
        broken[sound] = (check_characters(chosen) != chosen.str[17]).to_numpy()
        return broken
    if rule.kind == "order":
        both = values.str.fullmatch(DATE, na=False) & table[rule.other].str.fullmatch(DATE, na=False)
        return both & (values < table[rule.other])
    if rule.column == "sex":
        is_male = number.str[16].isin(list("13579"))
        return sound & values.isin(["male", "female"]) & (is_male != (values == "male"))
    if rule.column == "birth_date":
        said = number.str[6:10] + "-" + number.str[10:12] + "-" + number.str[12:14]
        return sound & values.str.fullmatch(DATE, na=False) & (said != values)
    return sound & values.str.fullmatch(FORM[rule.column], na=False) & (values.str[:18] != number)
