"""``rebuild --check``: the registry computed again from the kept originals, decisions and rules, and compared with what is stored.

Rows are proved to be what their originals say, and people to be what the rows make of them; together that is the whole.
"""

from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from flows.memory.recompute import (
    Rehearsal,
    judge_members_again,
    judge_rows_again,
    rehearsal,
    rolled_back,
    settle_everybody,
)
from registry.decision_links import concerned_keys
from registry.elders import all_elders
from registry.recompute import (
    differing_elders,
    differing_people,
    differing_rows,
    distrust_records,
    remember_registry,
    row_finding_differences,
    standing_counts,
    trust_untouched,
)
from registry.tables import elder
from reports.lists import write_list
from schemas.errors import ConfigurationInvalid
from schemas.masking import mask_column

__all__ = ["check_registry"]

COLUMNS = ("kind", "person_id", "name", "field")


def check_registry(home: Path, config: Path, to: Path | None, *, is_check: bool) -> dict[str, Any]:
    """Proves the registry, or says in numbers what differs.

    Rows and people about whom somebody has decided since the last night are left out: the next night applies it.

    Args:
        home: whose registry.
        config: the rules; the registry was made under those of its last night.
        to: file for the people who differ, names masked.
        is_check: must be true: nothing else is offered, and what writes must not be started by a slip.

    Returns:
        ``is_identical run_id compared differing left_out are_rules_changed rows file``; ``compared`` and ``differing`` count by
        kind, ``run_id`` is the last night that stands.

    Raises:
        ConfigurationInvalid: ``is_check`` is false, or no night has merged yet.
        ContractBroken: a kept original is gone or altered.
    """
    if not is_check:
        raise ConfigurationInvalid("rebuild only proves: eldersync rebuild --check")
    with rehearsal(home, config) as rehearsed:
        compared, left_out, found = _rows(rehearsed)
        settled, decided, people = _people(rehearsed)
        differing = pd.concat([*found, *people], ignore_index=True)
        named = _named(rehearsed.connection, differing)
        are_rules_changed = rehearsed.rules_digest != rehearsed.night.configuration.digest
    if to is not None:
        write_list(named[list(COLUMNS)], to, title="重算不一致")
    return {
        "is_identical": named.empty,
        "run_id": rehearsed.last_run,
        "compared": compared | settled,
        "differing": {str(kind): int(count) for kind, count in named["kind"].value_counts().sort_index().items()},
        "left_out": {**left_out, "decided": decided},
        "are_rules_changed": are_rules_changed,
        "rows": len(named),
        "file": str(to) if to else None,
    }


def _rows(rehearsed: Rehearsal) -> tuple[dict[str, int], dict[str, int], list[pd.DataFrame]]:
    """Rows and members against their originals; what was judged again is rolled back."""
    compared, due = {"rows": 0, "members": 0}, 0
    found = []
    for source in rehearsed.night.configuration.sources.values():
        with rolled_back(rehearsed.connection):
            rows = judge_rows_again(rehearsed, source, with_due=False)
            compared["rows"] += rows.pairs.num_rows
            due += rows.due
            found.append(_of_kind("rows", differing_rows(rehearsed.connection, rows.pairs)))
            other = row_finding_differences(rehearsed.connection, rehearsed.night.run_id)
            found.append(_of_kind("row_findings", pd.DataFrame({"person_id": other})))
            found.append(_unread("rows", rows.unread))
            if (members := judge_members_again(rehearsed, source)) is not None:
                compared["members"] += len(members.stored)
                differs = (
                    (members.stored["row_hash"].to_numpy() != members.judged.rows["row_hash"].to_numpy())
                    | (members.stored["outcome"].to_numpy() != members.judged.rows["outcome"].to_numpy())
                    | (members.stored["scope"].to_numpy() != members.judged.rows["scope"].to_numpy())
                )
                of = _of_elders(rehearsed.connection, members.stored.loc[differs, "elder_id_number"])
                found.append(_of_kind("members", pd.DataFrame({"person_id": of})))
                found.append(_unread("members", members.unread))
    return compared, {"due": due}, found


def _people(rehearsed: Rehearsal) -> tuple[dict[str, int], int, list[pd.DataFrame]]:
    """People against the rows in force; those about whom somebody has decided since are left out."""
    connection = rehearsed.connection
    decided = _people_with_keys(connection, concerned_keys(connection, rehearsed.last_run))
    remember_registry(connection)
    distrust_records(connection)
    settle_everybody(rehearsed)
    trust_untouched(connection, rehearsed.night.run_id)
    fields = differing_elders(connection, with_provenance=True)
    found = [_of_kind("elders", fields)]
    for kind, (count, people) in differing_people(connection).items():
        # Of a statement that is nobody's (a question) there is no person to name.
        found.append(_of_kind(kind, pd.DataFrame({"person_id": people})))
        if count and people.empty:
            found.append(_unread(kind, count))
    kept = [part[~part["person_id"].isin(decided)] for part in found]
    return standing_counts(connection), len(decided), kept


def _of_kind(kind: str, differing: pd.DataFrame) -> pd.DataFrame:
    field = differing["field"] if "field" in differing else pd.Series(dtype="str")
    parts = {"kind": kind, "person_id": differing["person_id"].astype("Int64"), "field": field}
    return pd.DataFrame(parts, columns=["kind", "person_id", "field"])


def _unread(kind: str, count: int) -> pd.DataFrame:
    """Rows nobody can be named of: their original is refused today, or no record stands there any more."""
    nobody = pd.array([None] * count, dtype="Int64")
    return pd.DataFrame({"kind": kind, "person_id": nobody, "field": None}, columns=["kind", "person_id", "field"])


def _of_elders(connection: sa.Connection, numbers: pd.Series) -> pd.Series:
    """Whose households these are, by the ID number of each."""
    wanted = [str(number) for number in numbers.dropna()]
    known = dict(
        connection.execute(sa.select(elder.c.id_number, elder.c.person_id).where(elder.c.id_number.in_(wanted)))
        .tuples()
        .all()
    )
    return pd.Series([known.get(str(number)) for number in numbers], dtype="Int64")


def _people_with_keys(connection: sa.Connection, keys: Any) -> set[int]:
    query = sa.select(elder.c.person_id).where(elder.c.id_key.in_(list(map(int, keys))))
    return set(connection.execute(query).scalars())


def _named(connection: sa.Connection, differing: pd.DataFrame) -> pd.DataFrame:
    """The differences with masked names, in the order of kind and person."""
    if differing.empty:
        return differing.assign(name=pd.Series(dtype="str"))
    people = all_elders(connection)[["person_id", "name"]]
    named = differing.merge(people, on="person_id", how="left")
    ordered = named.sort_values(["kind", "person_id", "field"], kind="stable", ignore_index=True)
    return ordered.assign(name=mask_column(ordered["name"].astype("str"), "name"))
