"""Which town somebody is at home in, and what towns are called: by the division table, else as the rows say it."""

import pandas as pd

from reports.page_words import NO_TOWN
from schemas.configuration import Configuration
from schemas.masking import mask_column

__all__ = ["town_codes", "town_names"]

_TOWN_DIGITS = 9


def town_codes(division_codes: pd.Series) -> pd.Series:
    """The nine digits that name a town or subdistrict; empty where a code does not reach down to one.

    >>> town_codes(pd.Series(["441403133201", "441403000000", ""], dtype="str")).to_list()
    ['441403133', '', '']
    """
    codes = division_codes.str.slice(0, _TOWN_DIGITS)
    return codes.where((codes.str.len() == _TOWN_DIGITS) & ~codes.str.endswith("000"), "")


def town_names(codes: pd.Series, stated: pd.Series, configuration: Configuration) -> pd.Series:
    """What the town of each row is called; a name that nobody knows is shown where it looks like one, as elsewhere."""
    names = {one.code[:_TOWN_DIGITS]: one.name for one in configuration.divisions if one.level == 4}
    said = mask_column(stated, "place").replace("", NO_TOWN)
    return codes.map(names).fillna(said.where(codes != "", NO_TOWN)).astype("str")
