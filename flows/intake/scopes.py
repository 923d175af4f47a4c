"""Which village's list a row belongs to, where a list is full within villages, and which villages a night's files list.

A scope is ``town/village``. A row that names no village belongs to the list it stands in: ``?`` and the villages of its
file, so that another village's file says nothing about it.
"""

from collections.abc import Iterable, Mapping

import pandas as pd

__all__ = ["listed_scopes", "place_by_file", "village_scopes", "villages_of_files"]

_OF_FILE, _AND = "?", "|"


def village_scopes(rows: pd.DataFrame) -> pd.Series:
    """``household_town/household_village`` of each row; nothing stands after the stroke where a row names no village."""
    return rows["household_town"].fillna("") + "/" + rows["household_village"].fillna("")


def villages_of_files(scopes: pd.Series, delivery_ids: pd.Series) -> dict[int, set[str]]:
    """The villages that the rows of each file name."""
    named = ~scopes.str.endswith("/") & ~scopes.str.startswith(_OF_FILE)
    found = scopes[named].groupby(delivery_ids[named].to_numpy()).unique()
    return {int(str(delivery_id)): set(villages) for delivery_id, villages in found.items()}


def place_by_file(scopes: pd.Series, delivery_ids: pd.Series, villages: Mapping[int, set[str]]) -> pd.Series:
    """Scopes in which rows that name no village stand with the villages of their file, where it has any.

    >>> scopes, files = pd.Series(["扶大镇/三葵村", "扶大镇/", "程江镇/"], dtype="str"), pd.Series([1, 1, 2])
    >>> place_by_file(scopes, files, villages_of_files(scopes, files)).to_list()
    ['扶大镇/三葵村', '?扶大镇/三葵村', '程江镇/']
    """
    of_file = {file: _OF_FILE + _AND.join(sorted(found)) for file, found in villages.items() if found}
    lists = delivery_ids.map(of_file).astype("str").set_axis(scopes.index)
    return scopes.mask(scopes.str.endswith("/") & lists.notna(), lists)


def listed_scopes(tonight: Iterable[str], in_force: Iterable[str]) -> list[str]:
    """The scopes that a night's files list: those of their rows, and of rows in force whose file's villages all came again.

    >>> listed_scopes({"扶大镇/三葵村"}, {"扶大镇/所里村", "?扶大镇/三葵村", "?扶大镇/三葵村|扶大镇/所里村"})
    ['?扶大镇/三葵村', '扶大镇/三葵村']
    """
    listed = set(tonight)
    covered = {scope for scope in in_force if scope.startswith(_OF_FILE) and set(scope[1:].split(_AND)) <= listed}
    return sorted(listed | covered)
