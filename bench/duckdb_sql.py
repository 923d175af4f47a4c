"""The night as hand-written DuckDB SQL into a DuckDB file: ``python -m bench.duckdb_sql INBOX FOLDER DATE``.

Written as somebody who knows DuckDB would: everything anew each night, set by set, then compared with the elders kept. Rows by
themselves are ``bench.duckdb_rows``. SQL has no table of Chinese syllables, so whether two names can be one is a Python function,
asked for the few people with two names.
"""

import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

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
    source_contract,
    survivorship,
)
from bench.duckdb_rows import CATEGORIES, PLACES, mapped, quoted, statements_of_rows

__all__ = ["night", "outputs"]

HELD = ", ".join(map(quoted, sorted(HELD_BY)))
STATED_ON = "CASE source " + " ".join(f"WHEN '{s}' THEN {source_contract(s).stated_on}" for s in SOURCES) + " END"
COMPARED = ", ".join(field for field in STATED_FIELDS if field not in {"id_number", "remarks"})
FILLED = " + ".join(f"({field} IS NOT NULL)::INT" for field in STATED_FIELDS)

BETWEEN_ROWS = f"""
CREATE TEMP TABLE candidate AS
SELECT *, row_number() OVER (PARTITION BY source, valid_number ORDER BY stated_date DESC NULLS LAST, filled DESC, row_number) AS place
FROM (SELECT *, {STATED_ON} AS stated_date, {FILLED} AS filled, hash({COMPARED}) AS said,
             valid_number[:6] || valid_number[15:17] AS issued FROM standard) s
WHERE valid_number IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM findings f WHERE f.source = s.source AND f.row_number = s.row_number AND f.code IN ({HELD}));
INSERT INTO findings
SELECT c.source, c.row_number, if(c.said = w.said, 'duplicate-exact', 'duplicate-conflicting'), 'id_number'
FROM candidate c JOIN candidate w ON w.source = c.source AND w.valid_number = c.valid_number AND w.place = 1 WHERE c.place > 1;
CREATE TEMP TABLE two_names AS
SELECT DISTINCT a.valid_number FROM
    (SELECT DISTINCT valid_number, name FROM candidate WHERE valid_number IN
        (SELECT valid_number FROM candidate GROUP BY valid_number HAVING count(DISTINCT name) > 1)) a
JOIN candidate b ON b.valid_number = a.valid_number AND a.name < b.name WHERE NOT can_be_one(a.name, b.name);
INSERT INTO findings
SELECT source, row_number, 'same-number-different-person', 'name' FROM candidate JOIN two_names USING (valid_number);
CREATE TEMP TABLE two_numbers AS
WITH pairs AS (
    SELECT a.valid_number AS one, b.valid_number AS other FROM candidate a JOIN candidate b
        ON a.name = b.name AND a.birth_date = b.birth_date AND a.valid_number < b.valid_number
    WHERE a.place = 1 AND b.place = 1 AND (hamming(a.valid_number, b.valid_number) <= 2
        OR {" OR ".join(f"a.{place} = b.{place}" for place in PLACES)})
    UNION SELECT a.valid_number, b.valid_number FROM candidate a JOIN candidate b
        ON a.name = b.name AND a.issued = b.issued AND a.valid_number < b.valid_number
    WHERE a.place = 1 AND b.place = 1 AND hamming(a.valid_number, b.valid_number) <= 2
)
SELECT one AS valid_number FROM pairs UNION SELECT other FROM pairs;
INSERT INTO findings
SELECT source, row_number, 'same-person-different-number', 'id_number' FROM candidate JOIN two_numbers USING (valid_number) WHERE place = 1;
CREATE TEMP TABLE disputed AS FROM two_names UNION FROM two_numbers;
CREATE OR REPLACE TABLE rows AS
SELECT s.source, s.row_number, CASE WHEN c.place IS NULL OR d.valid_number IS NOT NULL THEN 'held'
       WHEN c.place = 1 THEN 'admitted' ELSE 'duplicate' END AS outcome,
       {", ".join(f"s.{field}" for field in (*STATED_FIELDS, "household_division_code", "residence_division_code"))}
FROM standard s LEFT JOIN candidate c USING (source, row_number) LEFT JOIN disputed d ON d.valid_number = s.valid_number;
CREATE TEMP TABLE admitted AS
SELECT * FROM candidate WHERE place = 1 AND valid_number NOT IN (SELECT valid_number FROM disputed);
"""


def merged() -> str:
    """One record per ID number, field by field from the first source that has it, with the letters of the winners."""
    letters = {source: f"source_{LETTERS[source]}" for source in SOURCES}
    last = "CASE " + " ".join(
        f"WHEN {letters[source]}.valid_number IS NOT NULL THEN '{LETTERS[source]}'" for source in reversed(SOURCES)
    ) + " END"  # fmt: skip

    def winner(field: str) -> str:
        if field == "categories":
            return "'.'"
        if field not in MERGED_FIELDS:
            return "last"
        tests = (f"WHEN {letters[s]}.{field} IS NOT NULL THEN '{LETTERS[s]}'" for s in survivorship(field))
        return f"CASE {' '.join(tests)} ELSE '.' END"

    fields = [
        f"coalesce({', '.join(f'{letters[s]}.{field}' for s in survivorship(field))}) AS {field}"
        for field in MERGED_FIELDS
    ]
    stated_sex = f"coalesce({', '.join(f'{letters[s]}.sex' for s in survivorship('sex'))})"
    birth_date = f"coalesce({', '.join(f'{letters[s]}.birth_date' for s in SOURCES)})"
    joins = " ".join(
        f"LEFT JOIN admitted {letters[s]} ON {letters[s]}.source = '{s}' AND {letters[s]}.valid_number = n.id_number"
        for s in SOURCES
    )
    return f"""
CREATE TEMP TABLE merged AS
SELECT n.id_number, {birth_date} AS birth_date,
       CASE WHEN n.id_number[1] = '9' THEN {stated_sex} WHEN ascii(n.id_number[17]) % 2 = 1 THEN 'male' ELSE 'female' END AS sex,
       {", ".join(fields)}, {last} AS last, concat({", ".join(winner(field) for field in STATED_FIELDS)}) AS winners
FROM (SELECT DISTINCT valid_number AS id_number FROM admitted) n {joins}"""


WEIGHED = """
CREATE TEMP TABLE weighed AS
SELECT a.source, a.row_number, a.valid_number AS id_number, a.stated_date, a.categories, m.certificate_status IS NOT DISTINCT FROM 'cancelled' AS is_cancelled,
       m.disability_certificate_number IS NULL AND m.disability_level IS NULL AS has_no_certificate,
       m.disability_level IS NOT NULL AND NOT is_severe(m.disability_level) AS is_light,
       EXISTS (SELECT 1 FROM admitted h WHERE h.source = 'health_incapacity' AND h.valid_number = a.valid_number AND h.ability_level = '0') AS is_able
FROM admitted a JOIN merged m ON m.id_number = a.valid_number WHERE a.categories IS NOT NULL;
INSERT INTO findings
SELECT source, row_number, unnest(list_filter([
    CASE WHEN is_able AND contains(categories, 'incapacitated') THEN {'code': 'sources-contradict', 'field': 'categories'} END,
    CASE WHEN is_cancelled AND contains(categories, 'severely') THEN {'code': 'sources-contradict', 'field': 'categories'} END,
    CASE WHEN has_no_certificate AND contains(categories, 'severely')
         THEN {'code': 'severely-disabled-without-certificate', 'field': 'disability_certificate_number'} END,
    CASE WHEN is_light AND NOT is_cancelled AND contains(categories, 'severely')
         THEN {'code': 'severely-disabled-level', 'field': 'disability_certificate_number'} END], lambda f: f IS NOT NULL), recursive := true)
FROM weighed
UNION ALL SELECT source, row_number, 'sources-contradict', 'ability_level' FROM admitted WHERE ability_level = '0' AND valid_number IN (
    SELECT id_number FROM weighed WHERE contains(categories, 'incapacitated'))
UNION ALL SELECT source, row_number, 'sources-contradict', 'certificate_status' FROM admitted WHERE certificate_status = 'cancelled'
    AND valid_number IN (SELECT id_number FROM weighed WHERE is_cancelled AND contains(categories, 'severely'));
CREATE OR REPLACE TABLE categories AS
SELECT id_number, category, source, 'survey_tick' AS evidence, stated_date AS from_date FROM (
    SELECT *, unnest(string_split(categories, '|')) AS category FROM weighed)
WHERE category <> 'severely_disabled' OR NOT (is_cancelled OR is_light)
UNION ALL SELECT valid_number, 'incapacitated', source, if(ability_level IS NULL, 'list', 'assessment'), stated_date
FROM admitted WHERE source = 'health_incapacity' AND ability_level IS DISTINCT FROM '0'
UNION ALL SELECT valid_number, 'severely_disabled', source, 'certificate', stated_date
FROM admitted WHERE source = 'disability_federation' AND is_severe(disability_level) AND certificate_status IS DISTINCT FROM 'cancelled'
UNION ALL SELECT valid_number, 'family_planning_special', source, 'list', stated_date FROM admitted WHERE source = 'health_family_planning';
"""

CONTENT = ", ".join(f"m.{field}" for field in CONTENT_FIELDS if field != "categories")

COMPARED_WITH_KEPT = f"""
CREATE TEMP TABLE tonight AS
SELECT {CONTENT}, c.categories, m.winners, hash({CONTENT}, c.categories) AS content
FROM merged m LEFT JOIN (
    SELECT id_number, concat_ws('|', {", ".join(f"max(CASE WHEN category = '{c}' THEN category END)" for c in CATEGORIES)}) AS categories
    FROM categories GROUP BY id_number) c USING (id_number);
CREATE TABLE IF NOT EXISTS elders AS
SELECT 0::BIGINT AS person_id, 0 AS revision, '' AS status, '' AS told, * FROM tonight WHERE false;
CREATE OR REPLACE TABLE changes AS
SELECT coalesce(e.person_id, (SELECT coalesce(max(person_id), 0) FROM elders)
           + row_number() OVER (PARTITION BY e.person_id IS NULL ORDER BY t.id_number)) AS person_id,
       coalesce(e.revision, 0) + 1 AS revision, if(e.status = 'active', 'changed', 'new') AS operation, t.id_number
FROM tonight t LEFT JOIN elders e USING (id_number) WHERE e.status IS DISTINCT FROM 'active' OR e.content <> t.content
UNION ALL SELECT person_id, revision + 1, 'withdrawn', id_number FROM elders e
WHERE status = 'active' AND NOT EXISTS (SELECT 1 FROM tonight t WHERE t.id_number = e.id_number)
  AND NOT EXISTS (SELECT 1 FROM disputed d WHERE d.valid_number = e.id_number);
UPDATE elders SET winners = t.winners FROM tonight t WHERE t.id_number = elders.id_number AND t.winners <> elders.winners;
UPDATE elders SET status = 'withdrawn', revision = c.revision FROM changes c
WHERE c.person_id = elders.person_id AND c.operation = 'withdrawn';
CREATE TEMP TABLE kept_told AS SELECT person_id, told FROM elders JOIN changes USING (person_id);
DELETE FROM elders WHERE person_id IN (SELECT person_id FROM changes WHERE operation <> 'withdrawn');
INSERT INTO elders BY NAME
SELECT c.person_id, c.revision, 'active' AS status, coalesce(k.told, 'withdrawn') AS told, t.*
FROM changes c JOIN tonight t USING (id_number) LEFT JOIN kept_told k USING (person_id) WHERE c.operation <> 'withdrawn';
CREATE TABLE IF NOT EXISTS identifiers (person_id BIGINT, kind VARCHAR, value VARCHAR);
DELETE FROM identifiers USING elders e, changes c WHERE e.person_id = identifiers.person_id AND c.person_id = e.person_id
    AND kind = 'disability_certificate' AND e.disability_certificate_number <> value;
INSERT INTO identifiers
SELECT person_id, kind, value FROM (
    SELECT person_id, 'id_number' AS kind, id_number AS value FROM elders UNION ALL
    SELECT person_id, 'disability_certificate', disability_certificate_number FROM elders)
WHERE value IS NOT NULL AND person_id IN (SELECT person_id FROM changes WHERE operation <> 'withdrawn')
EXCEPT FROM identifiers;
"""


REASON = f"""CASE WHEN operation = 'withdrawn' THEN
    if(e.status = 'active', {quoted(WITHDRAWAL_REASONS["no-category"])}, {quoted(WITHDRAWAL_REASONS["not-listed"])}) END"""


def told(file: Path, today: date) -> str:
    """What the platform must hear, as JSON lines in its own words; people of no category are not its business.

    Of someone it knows it hears only what says something else of the person than it was told last.
    """
    columns = platform_columns()
    names = ", ".join(name_of(column) for column in columns)
    same = " AND ".join(
        f"said.{name_of(column)} = l.{name_of(column)}" for column in columns if is_of_the_person(column)
    )
    cells = ", ".join(f"{cell(column, today)} AS {name_of(column)}" for column in columns)
    packed = ", ".join(f"{name_of(column)} := {name_of(column)}" for column in columns)
    return f"""
CREATE TABLE IF NOT EXISTS told_last (person_id BIGINT, {", ".join(f"{name_of(column)} VARCHAR" for column in columns)});
CREATE TEMP TABLE telling AS
SELECT c.person_id, c.revision, CASE WHEN e.status = 'active' AND e.categories <> '' THEN if(e.told = 'withdrawn', 'new', 'changed')
       WHEN e.told <> 'withdrawn' THEN 'withdrawn' END AS operation
FROM changes c JOIN elders e USING (person_id);
CREATE TEMP TABLE said AS
SELECT t.*, {cells} FROM telling t JOIN elders e USING (person_id) LEFT JOIN told_last l USING (person_id) WHERE operation IS NOT NULL;
DELETE FROM said USING told_last l WHERE l.person_id = said.person_id AND operation = 'changed' AND {same};
COPY (SELECT person_id || '-' || revision AS key, operation, struct_pack({packed}) AS fields FROM said ORDER BY person_id)
TO {quoted(str(file))} (FORMAT json);
DELETE FROM told_last WHERE person_id IN (SELECT person_id FROM said);
INSERT INTO told_last SELECT person_id, {names} FROM said;
UPDATE elders SET told = s.operation FROM said s WHERE s.person_id = elders.person_id;"""


def name_of(column: dict[str, Any]) -> str:
    return f'"{column["header"]}"'


def cell(column: dict[str, Any], today: date) -> str:
    """The SQL of a cell, with elders as ``e``, what was told last as ``l``, and ``operation`` at hand."""
    field = column["field"]
    if field == "category_change":
        types = next(one for one in platform_columns() if one["field"] == "categories")
        differs = f"operation = 'changed' AND l.{name_of(types)} <> {cell(types, today)}"
        return f"if({differs}, {quoted(column['codes']['yes'])}, {quoted(column['codes']['no'])})"
    of_the_change = {"operation": "operation", "changed_on": quoted(today.isoformat()), "reason": REASON}
    value = of_the_change.get(field, f"e.{field}")
    if column["type"] == "amount":
        value = f"({value} / 100.0)::DECIMAL(18, 2)"
    elif column["type"] == "code" and column["separator"]:
        value = (
            f"array_to_string(list_transform(string_split({value}, '|'), lambda part: {mapped('part', column['codes'])}), '{column['separator']}')"
        )  # fmt: skip
    elif column["type"] == "code":
        value = mapped(value, column["codes"])
    value = f"nullif({value}::VARCHAR, '')"
    if len(column["operations"]) < 3:
        value = f"CASE WHEN operation IN ({', '.join(map(quoted, column['operations']))}) THEN {value} END"
    kept = f", CASE WHEN operation <> 'new' THEN l.{name_of(column)} END" if column["empty"] == "keeps" else ""
    return f"coalesce({value}{kept}, '')"


def can_be_one(one: str, other: str) -> bool:
    """Whether two names may be one person's: a slip in three characters or more, or the same sound."""
    from pypinyin import lazy_pinyin

    slips = sum(a != b for a, b in zip(one, other, strict=False))
    return (len(one) == len(other) >= 3 and slips == 1) or lazy_pinyin(one) == lazy_pinyin(other)


def night(inbox: Path, folder: Path, today: date) -> None:
    """A night from the lists in ``inbox`` to the changes; ``folder`` keeps the database between nights."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(folder / "registry.duckdb") as connection:
        connection.create_function("can_be_one", can_be_one, [str, str], bool)
        for statements in (
            "BEGIN", *statements_of_rows(inbox, today), BETWEEN_ROWS, merged(), WEIGHED, COMPARED_WITH_KEPT,
            told(folder / "changes.jsonl", today), "COMMIT",
        ):  # fmt: skip
            connection.execute(statements)


def outputs(folder: Path) -> dict[str, list[tuple[str | None, ...]]]:
    """What the last night left behind, as texts."""
    found: dict[str, list[tuple[str | None, ...]]] = {}
    with duckdb.connect(folder / "registry.duckdb", read_only=True) as connection:
        for table, columns in OUTPUTS.items():
            if table != "json_lines":
                texts = ", ".join(f"CAST({column} AS VARCHAR)" for column in columns)
                found[table] = connection.execute(f"SELECT {texts} FROM {table}").fetchall()
    found["json_lines"] = [(line,) for line in (folder / "changes.jsonl").read_text(encoding="utf-8").splitlines()]
    return found


if __name__ == "__main__":
    night(Path(sys.argv[1]), Path(sys.argv[2]), date.fromisoformat(sys.argv[3]))
