"""The night as the usual script does it: ``python -m bench.usual_script INBOX FOLDER DATE``.

pandas with a function per cell and per row (``apply``, in ``bench.usual_rows``), ``iterrows`` to write, ``to_sql`` into SQLite,
which needs no server and so flatters it. It makes everything anew each night and compares with the elders of the night before.
"""

import hashlib
import json
import sys
from datetime import date
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa
from pypinyin import lazy_pinyin

from bench.contract import (
    CONTENT_FIELDS,
    HELD_BY,
    LETTERS,
    MERGED_FIELDS,
    OUTPUTS,
    SOURCES,
    STATED_FIELDS,
    WITHDRAWAL_REASONS,
    is_of_the_person,
    platform_columns,
    survivorship,
)
from bench.usual_cells import CATEGORIES, sex_of
from bench.usual_rows import Findings, read_list

__all__ = ["night", "outputs"]

PLACES = ("household_village", "residence_village", "household_address", "residence_address")
SEVERE = ("1", "2")
KEPT = ("person_id", "revision", "status", "told", "told_fields", "content")


def find_duplicates(rows: pd.DataFrame, findings: Findings) -> set[str]:
    """Gives every row its outcome; returns the numbers under dispute."""
    found = findings.frame()
    holding = found[found["code"].isin(HELD_BY)]
    place = ["source", "row_number"]
    is_held = pd.MultiIndex.from_frame(rows[place]).isin(pd.MultiIndex.from_frame(holding[place]))
    rows["outcome"] = "held"
    candidates = rows[~is_held & rows["valid_number"].notna()].copy()
    candidates["filled"] = candidates[list(STATED_FIELDS)].notna().sum(axis=1)
    candidates = candidates.sort_values(
        ["valid_number", "source", "stated_date", "filled", "row_number"], ascending=[True, True, False, False, True]
    )
    is_repeated = candidates.duplicated(["valid_number", "source"])
    winners, losers = candidates[~is_repeated], candidates[is_repeated]
    rows.loc[winners.index, "outcome"] = "admitted"
    rows.loc[losers.index, "outcome"] = "duplicate"
    findings.add(losers, losers.apply(compare_with_winner, axis=1, args=(by_person(winners),)), "id_number")
    two_names = people_with_two_names(candidates)
    findings.add(candidates[candidates["valid_number"].isin(two_names)], "same-number-different-person", "name")
    two_numbers = people_with_two_numbers(winners)
    findings.add(winners[winners["valid_number"].isin(two_numbers)], "same-person-different-number", "id_number")
    disputed = two_names | two_numbers
    rows.loc[candidates.index[candidates["valid_number"].isin(disputed)], "outcome"] = "held"
    return disputed


def by_person(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.set_index(["valid_number", "source"])


def compare_with_winner(loser: Any, winners: pd.DataFrame) -> str:
    winner = winners.loc[(loser["valid_number"], loser["source"])]
    fields = [field for field in STATED_FIELDS if field not in {"id_number", "remarks"}]
    return "duplicate-exact" if loser[fields].equals(winner[fields]) else "duplicate-conflicting"


def people_with_two_names(candidates: pd.DataFrame) -> set[str]:
    names = candidates[["valid_number", "name"]].drop_duplicates()
    several = names[names["valid_number"].duplicated(keep=False)]
    return {
        str(number)
        for number, group in several.groupby("valid_number")
        if any(not can_be_one(one, other) for one, other in combinations(sorted(group["name"]), 2))
    }


def can_be_one(one: str, other: str) -> bool:
    slips = sum(a != b for a, b in zip(one, other, strict=False))
    return (len(one) == len(other) >= 3 and slips == 1) or lazy_pinyin(one) == lazy_pinyin(other)


def people_with_two_numbers(winners: pd.DataFrame) -> set[str]:
    people = winners[["valid_number", "name", "birth_date", *PLACES]]
    people = people.assign(issued=people["valid_number"].str[:6] + people["valid_number"].str[14:17])
    found: set[str] = set()
    for keys in (["name", "birth_date"], ["name", "issued"]):
        pairs = people.merge(people, on=keys, suffixes=("", "_other"))
        pairs = pairs[pairs["valid_number"] < pairs["valid_number_other"]]
        for pair in pairs.to_dict("records"):
            one, other = pair["valid_number"], pair["valid_number_other"]
            is_near = sum(a != b for a, b in zip(one, other, strict=True)) <= 2
            if is_near or ("birth_date" in keys and any(pair[place] == pair[f"{place}_other"] for place in PLACES)):
                found |= {one, other}
    return found


def merge(admitted: pd.DataFrame) -> pd.DataFrame:
    """One record per number, field by field from the first source that has it, and the letters of the winners."""
    numbers = pd.Index(sorted(admitted["valid_number"].unique()), name="id_number")
    by_source = {
        source: admitted[admitted["source"] == source].set_index("valid_number").reindex(numbers) for source in SOURCES
    }
    elders, letters = pd.DataFrame(index=numbers), pd.DataFrame(".", index=numbers, columns=list(STATED_FIELDS))
    for field in MERGED_FIELDS:
        elders[field] = None
        for source in survivorship(field):
            wins = elders[field].isna() & by_source[source][field].notna()
            elders.loc[wins, field] = by_source[source].loc[wins, field]
            if field in letters:
                letters.loc[wins, field] = LETTERS[source]
    last = pd.Series("", index=numbers)
    for source in SOURCES:
        last[by_source[source]["source"].notna()] = LETTERS[source]
        elders["birth_date"] = by_source[source]["birth_date"].combine_first(
            elders.get("birth_date", by_source[source]["birth_date"])
        )
    for field in ("id_number", "birth_date", "sex"):
        letters[field] = last
    elders["sex"] = [sex_of(number) for number in numbers]
    elders["winners"] = letters.apply("".join, axis=1)
    elders["birth_date"] = elders["birth_date"].apply(lambda day: day.isoformat())
    return elders.reset_index()


def state_categories(
    row: Any, certificates: dict[Any, Any], able: set[str]
) -> list[tuple[str, str | None, str | None]]:
    """Categories a row states with their evidence, and what speaks against its ticks: (category, evidence, finding)."""
    source, level = row["source"], row["ability_level"]
    stated: list[tuple[str, str | None, str | None]] = []
    if source == "health_family_planning":
        stated.append(("family_planning_special", "list", None))
    if source == "health_incapacity" and level != "0":
        stated.append(("incapacitated", "assessment" if isinstance(level, str) else "list", None))
    if (
        source == "disability_federation"
        and row["disability_level"] in SEVERE
        and row["certificate_status"] != "cancelled"
    ):
        stated.append(("severely_disabled", "certificate", None))
    for category in row["categories"].split("|") if isinstance(row["categories"], str) else []:
        against = weigh_tick(category, certificates[row["valid_number"]], is_able=row["valid_number"] in able)
        stated += [(category, None, code) for code in against]
        if category != "severely_disabled" or set(against) <= {"severely-disabled-without-certificate"}:
            stated.append((category, "survey_tick", None))
    return stated


def weigh_tick(category: str, certificate: Any, *, is_able: bool) -> list[str]:
    """What the owning bodies say against a tick of the survey."""
    if category == "incapacitated":
        return ["sources-contradict"] if is_able else []
    if category != "severely_disabled":
        return []
    level = certificate["disability_level"]
    found = []
    if certificate["certificate_status"] == "cancelled":
        found.append("sources-contradict")
    elif isinstance(level, str) and level not in SEVERE:
        found.append("severely-disabled-level")
    if not isinstance(certificate["disability_certificate_number"], str) and not isinstance(level, str):
        found.append("severely-disabled-without-certificate")
    return found


def categorise(admitted: pd.DataFrame, elders: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """One row per statement of a category that counts."""
    able = set(admitted.loc[admitted["ability_level"] == "0", "valid_number"])
    facts = ["certificate_status", "disability_level", "disability_certificate_number"]
    certificates = elders.set_index("id_number")[facts].to_dict("index")
    stated: Any = admitted.apply(state_categories, axis=1, args=(certificates, able)).explode().dropna()
    rows, code = admitted.loc[stated.index], stated.str[2]
    about = code.map(lambda c: "categories" if c == "sources-contradict" else "disability_certificate_number")
    findings.add(rows, code, about)
    for category, field, denied in (
        ("incapacitated", "ability_level", "0"),
        ("severely_disabled", "certificate_status", "cancelled"),
    ):
        doubted = rows.loc[(code == "sources-contradict") & (stated.str[0] == category), "valid_number"]
        owners = admitted[(admitted[field] == denied) & admitted["valid_number"].isin(doubted)]
        findings.add(owners, "sources-contradict", field)
    table: pd.DataFrame = rows[["valid_number", "source", "stated_date"]].assign(
        category=stated.str[0], evidence=stated.str[1]
    )
    return table[table["evidence"].notna()].rename(columns={"valid_number": "id_number", "stated_date": "from_date"})


def find_changes(elders: pd.DataFrame, before: pd.DataFrame | None, disputed: set[str]) -> pd.DataFrame:
    """Tonight's registry: everybody ever known, with ``operation`` where something changed tonight."""
    elders["content"] = elders[list(CONTENT_FIELDS)].apply(content_of, axis=1)
    if before is None:
        before = pd.DataFrame(columns=["id_number", *KEPT])
    kept = before[["id_number", *KEPT]]
    now = elders.merge(kept, on="id_number", how="left", suffixes=("", "_before")).sort_values("id_number")
    is_new = now["person_id"].isna()
    now.loc[is_new, "person_id"] = range(len(before) + 1, len(before) + 1 + is_new.sum())
    now["operation"] = None
    now.loc[now["content"] != now["content_before"], "operation"] = "changed"
    now.loc[now["status"] != "active", "operation"] = "new"
    now["revision"] = now["revision"].fillna(0) + now["operation"].notna()
    now["status"], now["told"] = "active", now["told"].fillna("withdrawn")
    gone = before[~before["id_number"].isin(now["id_number"])].copy()
    gone["operation"] = None
    leaves = (gone["status"] == "active") & ~gone["id_number"].isin(disputed)
    gone.loc[leaves, ["operation", "status"]] = "withdrawn"
    gone.loc[leaves, "revision"] += 1
    now = now.drop(columns="content_before")
    together = pd.concat([now, gone], ignore_index=True) if len(gone) else now
    return together.astype({"person_id": "int64", "revision": "int64"}).sort_values("person_id")


def content_of(row: Any) -> str:
    return hashlib.md5("|".join("" if pd.isna(value) else str(value) for value in row).encode()).hexdigest()


def platform_cell(value: Any, column: dict[str, Any]) -> str:
    if not isinstance(value, str) or not value:
        return ""
    if column["type"] == "amount":
        return f"{Decimal(value) / 100:.2f}"
    if column["type"] == "code" and column["separator"]:
        return str(column["separator"]).join(column["codes"][part] for part in value.split("|"))
    return str(column["codes"][value]) if column["type"] == "code" else value


def tell(registry: pd.DataFrame, file: Path, today: date) -> None:
    """Writes what the platform must hear, and remembers what it was told."""
    with file.open("w", encoding="utf-8") as opened:
        for index, elder in registry[registry["operation"].notna()].iterrows():
            is_in = elder["status"] == "active" and isinstance(elder["categories"], str)
            operation = ("new" if elder["told"] == "withdrawn" else "changed") if is_in else "withdrawn"
            if not is_in and elder["told"] == "withdrawn":
                continue
            last = json.loads(elder["told_fields"]) if isinstance(elder["told_fields"], str) else {}
            fields = platform_fields(elder, operation, last, today)
            if operation == "changed" and same_person(fields, last):
                continue
            line = {"key": f"{elder['person_id']}-{elder['revision']}", "operation": operation, "fields": fields}
            opened.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
            registry.loc[index, "told"] = operation
            registry.loc[index, "told_fields"] = json.dumps(fields, ensure_ascii=False)


def platform_fields(elder: Any, operation: str, last: dict[str, str], today: date) -> dict[str, str]:
    reason = "not-listed" if elder["status"] != "active" else "no-category"
    known = {
        **elder.to_dict(), "operation": operation, "person_id": str(elder["person_id"]), "changed_on": today.isoformat(),
        "reason": WITHDRAWAL_REASONS[reason] if operation == "withdrawn" else "",
    }  # fmt: skip
    fields = {}
    for column in platform_columns():
        header, field = column["header"], column["field"]
        if field == "category_change":
            known[field] = "yes" if operation == "changed" and last[types_header()] != fields[types_header()] else "no"
        fields[header] = platform_cell(known[field], column) if operation in column["operations"] else ""
        if not fields[header] and column["empty"] == "keeps" and operation != "new":
            fields[header] = last.get(header, "")
    return fields


def types_header() -> str:
    return str(next(column["header"] for column in platform_columns() if column["field"] == "categories"))


def same_person(fields: dict[str, str], last: dict[str, str]) -> bool:
    headers = [column["header"] for column in platform_columns() if is_of_the_person(column)]
    return all(fields[header] == last[header] for header in headers)


def identifiers_of(registry: pd.DataFrame, before: pd.DataFrame | None) -> pd.DataFrame:
    parts = [
        registry[["person_id", field]].dropna().rename(columns={field: "value"}).assign(kind=kind)
        for kind, field in (("id_number", "id_number"), ("disability_certificate", "disability_certificate_number"))
    ]
    together = pd.concat(parts if before is None else [*parts, before], ignore_index=True)
    return together.drop_duplicates(["person_id", "kind"])


def read_before(engine: sa.Engine, table: str) -> pd.DataFrame | None:
    return pd.read_sql(table, engine) if sa.inspect(engine).has_table(table) else None


def night(inbox: Path, folder: Path, today: date) -> None:
    """A night from the lists in ``inbox`` to the changes; ``folder`` keeps the database between nights."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(f"sqlite:///{folder / 'registry.sqlite'}")
    findings = Findings()
    rows = pd.concat([read_list(inbox, source, findings, today) for source in SOURCES], ignore_index=True)
    rows = rows.reindex(columns=[*rows.columns, *(f for f in STATED_FIELDS if f not in rows)])
    disputed = find_duplicates(rows, findings)
    admitted = rows[rows["outcome"] == "admitted"]
    elders = merge(admitted)
    categories = categorise(admitted, elders, findings)
    ticked = categories.groupby("id_number")["category"].agg(
        lambda found: "|".join(c for c in CATEGORIES if c in set(found))
    )
    elders["categories"] = elders["id_number"].map(ticked)
    registry = find_changes(elders, read_before(engine, "elders"), disputed)
    tell(registry, folder / "changes.jsonl", today)
    changes = registry.loc[registry["operation"].notna(), ["person_id", "revision", "operation"]]
    stored = ["source", "row_number", "outcome", *STATED_FIELDS, "household_division_code", "residence_division_code"]
    for table, frame in {
        "rows": rows[stored], "findings": findings.frame(), "elders": registry.drop(columns="operation"),
        "categories": categories, "identifiers": identifiers_of(registry, read_before(engine, "identifiers")), "changes": changes,
    }.items():  # fmt: skip
        frame.to_sql(table, engine, if_exists="replace", index=False)


def outputs(folder: Path) -> dict[str, list[tuple[str | None, ...]]]:
    """What the last night left behind, as texts."""
    engine = sa.create_engine(f"sqlite:///{folder / 'registry.sqlite'}")
    found: dict[str, list[tuple[str | None, ...]]] = {}
    with engine.connect() as connection:
        for table, columns in OUTPUTS.items():
            if table != "json_lines":
                texts = ", ".join(f"CAST({column} AS TEXT)" for column in columns)
                found[table] = [tuple(row) for row in connection.execute(sa.text(f"SELECT {texts} FROM {table}"))]
    found["json_lines"] = [(line,) for line in (folder / "changes.jsonl").read_text(encoding="utf-8").splitlines()]
    return found


if __name__ == "__main__":
    night(Path(sys.argv[1]), Path(sys.argv[2]), date.fromisoformat(sys.argv[3]))
