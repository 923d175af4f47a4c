"""The night as hand-written DuckDB SQL into a DuckDB file: ``python -m bench.duckdb_sql INBOX FOLDER DATE``.

Written as somebody who knows DuckDB would: everything anew each night, set by set, then compared with the elders kept. SQL has
no table of Chinese syllables, so whether two names can be one is a Python function, asked for the few people with two names.
"""

import sys
from datetime import date
from pathlib import Path

import duckdb

from bench.contract import (
    CONTENT_FIELDS,
    HELD_BY,
    LETTERS,
    MERGED_FIELDS,
    OUTPUTS,
    SOURCES,
    STATED_FIELDS,
    divisions,
    platform_columns,
    source_contract,
    survivorship,
    words,
)

__all__ = ["night", "outputs"]

NAMES = ("name", "emergency_contact_name", "guardian_name", "spouse_name")
PHONES = ("phone", "emergency_contact_phone", "guardian_phone")
AMOUNTS = ("household_monthly_income_fen", "monthly_pension_fen", "monthly_subsidy_fen")
DATES = (
    "registered_date", "ability_assessed_date", "family_planning_confirmed_date", "certificate_issued_date",
    "certificate_expiry_date",
)  # fmt: skip
CODES = {
    "sex": "sex", "drinking_water_safe": "yes_no", "electricity_safe": "yes_no", "gas_safe": "yes_no", "housing_safe": "yes_no",
    "disability_category": "disability_category", "disability_level": "disability_level", "ability_level": "ability_level",
    "certificate_status": "certificate_status", "family_planning_type": "family_planning_type",
}  # fmt: skip
PLACES = ("household_village", "residence_village", "household_address", "residence_address")
CATEGORIES = (
    "living_alone", "empty_nest", "left_behind", "incapacitated", "severely_disabled", "family_planning_special",
)  # fmt: skip

FULL_WIDTH = "".join(map(chr, range(0xFF01, 0xFF5F))) + "\u3000"
HALF_WIDTH = "".join(map(chr, range(0x21, 0x7F))) + " "
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
PROVINCES = "^9?(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
CHECK_SUM = " + ".join(
    f"{weight} * (ascii(substr(n, {place}, 1)) - 48)" for place, weight in enumerate(WEIGHTS, start=1)
)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def mapped(expression: str, codes: dict[str, str]) -> str:
    """A CASE expression: quicker here than a map or a join for a few dozen words."""
    return f"CASE {expression} " + " ".join(f"WHEN {quoted(w)} THEN {quoted(c)}" for w, c in codes.items()) + " END"


MACROS = f"""
CREATE OR REPLACE TEMP MACRO half_width(x) AS translate(x, {quoted(FULL_WIDTH)}, {quoted(HALF_WIDTH)});
CREATE OR REPLACE TEMP MACRO clean(x) AS
    CASE WHEN regexp_matches(x, '[！-～　\\s]') THEN nullif(trim(regexp_replace(half_width(x), '\\s+', ' ', 'g')), '') ELSE x END;
CREATE OR REPLACE TEMP MACRO check_character(n) AS substr('10X98765432', 1 + ({CHECK_SUM}) % 11, 1);
CREATE OR REPLACE TEMP MACRO read_date(x) AS
    CASE WHEN regexp_full_match(x, '\\d{{4}}-\\d{{2}}-\\d{{2}}') THEN try_cast(x AS DATE)
         WHEN regexp_full_match(x, '\\d{{8}}') THEN try_cast(x[1:4] || '-' || x[5:6] || '-' || x[7:8] AS DATE)
         WHEN regexp_full_match(x, '\\d{{4}}\\s*[-/.年]\\s*\\d{{1,2}}\\s*[-/.月]\\s*\\d{{1,2}}\\s*日?')
         THEN try_cast(regexp_replace(x, '(\\d{{4}})\\D+(\\d{{1,2}})\\D+(\\d{{1,2}}).*', '\\1-\\2-\\3') AS DATE) END;
CREATE OR REPLACE TEMP MACRO read_fen(x) AS
    CAST(round(try_cast(regexp_extract(replace(replace(x, ',', ''), ' ', ''), '^([-+]?\\d{{1,9}}(\\.\\d{{1,10}})?)元?$', 1)
               AS DECIMAL(22, 10)) * 100) AS BIGINT);
CREATE OR REPLACE TEMP MACRO mend_name(x) AS
    CASE WHEN regexp_full_match(x, '[\\p{{Han}}〇·\\s]+') THEN replace(x, ' ', '') ELSE x END;
CREATE OR REPLACE TEMP MACRO is_name(x) AS
    regexp_matches(x, '^\\p{{Han}}[\\p{{Han}}〇]+(·[\\p{{Han}}〇]+)*$|^[A-Za-z][A-Za-z .''-]*$');
CREATE OR REPLACE TEMP MACRO is_phone(x) AS
    regexp_matches(x, '^(1[3-9]\\d{{9}}|0\\d{{2,3}}-?\\d{{7,8}})(/(1[3-9]\\d{{9}}|0\\d{{2,3}}-?\\d{{7,8}}))*$');
CREATE OR REPLACE TEMP MACRO mend_phone(x) AS
    CASE WHEN is_phone(x) THEN x ELSE regexp_replace(regexp_replace(regexp_replace(x, '\\.0$', ''), '[、,;/]+', '/', 'g'),
         '^(\\+|00)?86(1)|[\\s()]', '\\2', 'g') END;
CREATE OR REPLACE TEMP MACRO tidy_number(x) AS
    CASE WHEN regexp_matches(x, '[^0-9A-Z]')
         THEN trim(regexp_replace(half_width(trim(x)), '[\\s\\x{{00AD}}\\x{{200B}}-\\x{{200F}}\\x{{2060}}\\x{{FEFF}}‐-―−-]', '', 'g'), '''`´‘’')
         ELSE x END;
CREATE OR REPLACE TEMP MACRO bare_county(x) AS coalesce(nullif(regexp_replace(x, '(区|县|市)$', ''), ''), x);
CREATE OR REPLACE TEMP MACRO bare_town(x) AS
    coalesce(nullif(regexp_replace(x, '(街道办事处|办事处街道|办事处|街道|镇|乡)$', ''), ''), x);
CREATE OR REPLACE TEMP MACRO bare_village(x) AS
    coalesce(nullif(regexp_replace(x, '(村民委员会|社区居民委员会|社区居委会|居民委员会|村委会|居委会|社区|村)$', ''), ''), x);
CREATE OR REPLACE TEMP MACRO without_province(x) AS regexp_replace(x, '^(中国)?(广东省)?(梅州市)?(.)', '\\4');
CREATE OR REPLACE TEMP MACRO is_severe(level) AS coalesce(level IN ('1', '2'), false);
"""


def raw(inbox: Path) -> str:
    """All lists as one table of texts under the registry's names; a list lacks most columns."""
    parts = ["SELECT " + ", ".join(f"NULL::VARCHAR AS {field}" for field in STATED_FIELDS) + " WHERE false"]
    for source in SOURCES:
        file = inbox / source / f"{source}.csv"
        with file.open(encoding="utf-8") as opened:
            present = opened.readline().rstrip("\n").split(",")
        fields = source_contract(source).fields
        columns = ", ".join(f'"{header}" AS {fields[header]}' for header in present)
        parts.append(
            f"SELECT {quoted(source)} AS source, row_number() OVER () + 1 AS row_number, {columns} "
            f"FROM read_csv({quoted(str(file))}, all_varchar = true, header = true, delim = ',', quote = '\"')"
        )
    return "CREATE TEMP TABLE raw AS " + " UNION ALL BY NAME ".join(parts)


def coded(field: str, code_list: str) -> str:
    """The code of a word; brackets and what is in them are left out at the second attempt."""
    bare = f"regexp_replace(replace({field}, ' ', ''), '\\.0$', '')"
    unbracketed = f"regexp_replace({bare}, '[(\\[【][^)\\]】]*[)\\]】]?', '', 'g')"
    return f"coalesce({mapped(bare, words(code_list))}, {mapped(unbracketed, words(code_list))})"


def numbers(today: date) -> str:
    """ID numbers and certificates: what is certain is repaired, the first fault said (GB 11643)."""
    return f"""
CREATE TEMP TABLE number AS
WITH tidied AS (
    SELECT source, row_number, trim(id_number, ' 　') AS given, tidy_number(id_number) AS tidy,
           upper(tidy_number(disability_certificate_number)) AS certificate
    FROM raw
), written AS (
    SELECT *, CASE WHEN tidy LIKE '%x' THEN tidy[:-2] || 'X' ELSE tidy END AS cased,
           CASE WHEN length(tidy) = 18 AND NOT regexp_full_match(cased, '[1-9]\\d{{16}}[0-9X]')
                THEN translate(cased[:17], 'Oo〇零lI', '000011') || translate(cased[18:], 'ХхΧχ×✕✗╳*', 'XXXXXXXXX') END AS read,
           CASE WHEN regexp_full_match(read, '[1-9]\\d{{16}}[0-9X]') AND check_character(read) = read[18:] THEN read
                ELSE cased END AS mended
    FROM tidied
), long AS (
    SELECT *, regexp_full_match(mended, '\\d{{15}}') AS upgraded,
           regexp_full_match(upper(mended), '[1-9]\\d{{16}}[0-9X][1-7][1-4](B\\d)?') AS is_certificate,
           CASE WHEN regexp_full_match(mended, '\\d{{15}}')
                THEN mended[:6] || '19' || mended[7:] || check_character(mended[:6] || '19' || mended[7:])
                WHEN is_certificate THEN upper(mended[:18])
                ELSE mended END AS n
    FROM written
), judged AS (
    SELECT *, CASE WHEN regexp_full_match(n, '\\d{{17}}[0-9X]')
                   THEN try_cast(n[7:10] || '-' || n[11:12] || '-' || n[13:14] AS DATE) END AS born,
           CASE WHEN coalesce(n, '') = '' THEN 'id-number-missing'
                WHEN regexp_full_match(n, '\\d{{15}}000|\\d+(\\.\\d*)?[eE]\\+?\\d{{1,2}}|\\d{{15,22}}\\.0*') THEN 'id-number-stored-as-number'
                WHEN regexp_full_match(n, '[A-Za-z]{{1,3}}\\d{{6,12}}|.*(护照|军官证|士兵证|通行证|回乡证|台胞证|户口簿|字第).*')
                THEN 'id-type-unsupported'
                WHEN NOT regexp_full_match(n, '\\d+X?') THEN 'id-number-characters'
                WHEN length(n) <> 18 THEN 'id-number-length'
                WHEN n[1] = '0' THEN 'id-number-characters'
                WHEN born IS NULL OR born > DATE '{today}' OR year(born) < 1850 THEN 'id-number-birth-date'
                WHEN check_character(n) <> n[18:] THEN 'id-number-checksum' END AS fault
    FROM long
)
SELECT source, row_number, CASE WHEN is_certificate AND fault IS NOT NULL THEN 'id-number-length' ELSE fault END AS fault,
       CASE WHEN fault IS NULL THEN n END AS id_number, CASE WHEN fault IS NULL THEN born END AS birth_date,
       fault IS NULL AND (mended <> given OR is_certificate) AS repaired, fault IS NULL AND upgraded AS upgraded,
       certificate, certificate[:18] AS certificate_id,
       regexp_full_match(certificate, '[1-9]\\d{{16}}[0-9X][1-7][1-4](B\\d)?') AND check_character(certificate) = certificate[18]
           AND try_cast(certificate[7:10] || '-' || certificate[11:12] || '-' || certificate[13:14] AS DATE) <= DATE '{today}' AS is_sound
FROM judged"""


CATEGORY_WORDS = f"""
CREATE TEMP TABLE ticked AS
WITH read AS (
    SELECT categories AS text, list_transform(
        list_filter(regexp_split_to_array(
            regexp_replace(regexp_replace(clean(categories), '[(\\[【][^)\\]】]*[)\\]】]?', '', 'g'), '[☑√✓■□☐]', ' ', 'g'),
            '[、,;/\\s|]+'), lambda part: part <> ''),
        lambda part: coalesce({mapped("part", words("category"))}, '?')) AS codes
    FROM (SELECT DISTINCT categories FROM raw WHERE categories IS NOT NULL)
)
SELECT text, list_contains(codes, '?') AS is_unknown,
       nullif(concat_ws('|', {", ".join(f"CASE WHEN list_contains(codes, '{c}') THEN '{c}' END" for c in CATEGORIES)}), '') AS categories
FROM read"""


def division_table() -> str:
    bare = {3: "bare_county", 4: "bare_town", 5: "bare_village"}
    rows = ", ".join(
        f"({quoted(d.code)}, {quoted(d.name)}, {d.level}, {quoted(d.parent)}, {bare[d.level]}({quoted(d.former_name)}))"
        for d in divisions()
    )
    return f"CREATE TEMP TABLE division AS SELECT DISTINCT * FROM (VALUES {rows}) AS d(code, name, level, parent, bare)"


RESOLVED_PLACES = """
CREATE TEMP TABLE place AS
WITH written AS (
    SELECT DISTINCT household_county AS c, household_town AS t, household_village AS v FROM raw WHERE source = 'village_survey'
    UNION SELECT DISTINCT residence_county, residence_town, residence_village FROM raw WHERE source = 'village_survey'
), named AS (
    SELECT *, without_province(clean(c)) AS county, without_province(clean(t)) AS town, clean(v) AS village FROM written
), with_county AS (
    SELECT n.*, n.county IS NOT NULL AND d.code IS NULL AS is_unknown, a.code IS NOT NULL AS is_town_somewhere,
           coalesce(d.code, CASE WHEN n.county IS NULL THEN a.code[:6] || '000000' END) AS county_code
    FROM named n LEFT JOIN division d ON d.level = 3 AND d.bare = bare_county(n.county)
    LEFT JOIN (SELECT bare, max(code) AS code FROM division WHERE level = 4 GROUP BY bare) a ON a.bare = bare_town(n.town)
), with_town AS (
    SELECT w.*, d.code AS town_code, d.name AS town_name,
           EXISTS (SELECT 1 FROM division x WHERE x.level = 5 AND x.parent = d.code) AS has_villages
    FROM with_county w LEFT JOIN division d ON d.level = 4 AND d.parent = w.county_code AND d.bare = bare_town(w.town)
        AND NOT w.is_unknown
), with_village AS (
    SELECT w.*, d.code AS village_code, d.name AS village_name, c.name AS county_name,
           EXISTS (SELECT 1 FROM division x WHERE x.level = 5 AND x.bare = bare_village(w.village)) AS is_village_somewhere
    FROM with_town w LEFT JOIN division d ON d.level = 5 AND d.parent = w.town_code AND d.bare = bare_village(w.village)
    LEFT JOIN (SELECT DISTINCT code, name FROM division) c ON c.code = w.county_code
)
SELECT DISTINCT ON (c, t, v) c, t, v, CASE WHEN is_unknown THEN county ELSE coalesce(county_name, county) END AS county,
       coalesce(town_name, town) AS town, coalesce(village_name, village) AS village,
       CASE WHEN is_unknown THEN NULL ELSE coalesce(village_code, town_code, county_code) END AS code,
       CASE WHEN is_unknown THEN 'county' WHEN town IS NOT NULL AND town_code IS NULL THEN 'town'
            WHEN village IS NOT NULL AND has_villages AND village_code IS NULL THEN 'village' END AS fault_at,
       CASE WHEN is_unknown THEN 'division-unknown'
            WHEN town IS NOT NULL AND town_code IS NULL AND is_town_somewhere
              OR village IS NOT NULL AND has_villages AND village_code IS NULL AND is_village_somewhere THEN 'division-inconsistent'
            ELSE 'division-unknown' END AS fault
FROM with_village"""


def standard(today: date) -> str:
    """Rows in the registry's vocabulary, with what each cell came to."""
    columns = [
        *(f"mend_name(clean(r.{field})) AS {field}" for field in NAMES),
        *(f"mend_phone(clean(r.{field})) AS {field}" for field in PHONES),
        *(f"read_date(clean(r.{field})) AS {field}_read" for field in DATES),
        *(f"CASE WHEN {field}_read <= DATE '{today}' THEN {field}_read END AS {field}" for field in DATES[:-1]),
        "certificate_expiry_date_read AS certificate_expiry_date",
        *(f"read_fen(clean(r.{field})) AS {field}_read" for field in AMOUNTS),
        *(f"CASE WHEN {field}_read >= 0 THEN {field}_read END AS {field}" for field in AMOUNTS),
        *(f"{coded(f'clean(r.{field})', code_list)} AS {field}_read" for field, code_list in CODES.items()),
        *(f"{field}_read AS {field}" for field in CODES if not field.startswith("disability")),
        "coalesce(disability_category_read, CASE WHEN n.is_sound THEN n.certificate[19] END) AS disability_category",
        "coalesce(disability_level_read, CASE WHEN n.is_sound THEN n.certificate[20] END) AS disability_level",
        "coalesce(n.id_number, clean(r.id_number)) AS id_number",
        "CASE WHEN n.is_sound THEN n.certificate ELSE clean(r.disability_certificate_number) END AS disability_certificate_number",
        "ticked.categories AS categories",
        *(f"{p}.{part} AS {p}_{part}" for p in ("household", "residence") for part in ("county", "town", "village")),
        *(f"{p}.code AS {p}_division_code" for p in ("household", "residence")),
        "n.birth_date AS birth_date",
    ]
    done = {column.rsplit(" AS ", 1)[1] for column in columns}
    columns += [f"clean(r.{field}) AS {field}" for field in STATED_FIELDS if field not in done]
    joins = " ".join(
        f"LEFT JOIN place {p} ON r.source = 'village_survey' AND {p}.c IS NOT DISTINCT FROM r.{p}_county "
        f"AND {p}.t IS NOT DISTINCT FROM r.{p}_town AND {p}.v IS NOT DISTINCT FROM r.{p}_village"
        for p in ("household", "residence")
    )
    return f"""
CREATE TEMP TABLE standard AS
SELECT r.source, r.row_number, n.fault, n.id_number AS valid_number, n.repaired, n.upgraded, n.certificate_id,
       coalesce(n.is_sound, false) AS is_sound, n.certificate[19] AS certificate_category, n.certificate[20] AS certificate_level,
       coalesce(ticked.is_unknown, false) AS is_category_unknown, household.fault AS household_fault,
       household.fault_at AS household_fault_at, residence.fault AS residence_fault, residence.fault_at AS residence_fault_at,
       {", ".join(columns)}
FROM raw r JOIN number n USING (source, row_number) LEFT JOIN ticked ON ticked.text = r.categories {joins}"""


def row_findings(today: date) -> str:
    """All findings of every row by itself."""
    age = f"date_sub('year', s.birth_date, DATE '{today}')"
    by_number = "CASE WHEN ascii(s.valid_number[17]) % 2 = 1 THEN 'male' ELSE 'female' END"
    places = [f"{p}_{part}" for p in ("household", "residence") for part in ("county", "town", "village", "address")]
    rules = [
        ("s.fault", "s.fault IS NOT NULL", "id_number"),
        ("'id-number-upgraded'", "s.upgraded", "id_number"),
        ("'id-number-repaired'", "s.repaired", "id_number"),
        ("'id-number-region-unknown'", f"NOT regexp_matches(s.valid_number, '{PROVINCES}')", "id_number"),
        ("'age-under-sixty'", f"{age} < 60", "id_number"),
        ("'age-implausible'", f"{age} > 120", "id_number"),
        ("'sex-mismatch'", f"s.valid_number[1] <> '9' AND s.sex <> {by_number}", "sex"),
        ("'name-missing'", "s.name IS NULL", "name"),
        *(("'name-characters'", f"NOT is_name(s.{field})", field) for field in NAMES),
        *(("'phone-format'", f"NOT is_phone(s.{field})", field) for field in PHONES),
        *(("'date-format'", f"clean(r.{f}) IS NOT NULL AND s.{f}_read IS NULL", f) for f in DATES),
        *(("'date-future'", f"s.{f}_read > DATE '{today}'", f) for f in DATES[:-1]),
        *(("'amount-format'", f"clean(r.{f}) IS NOT NULL AND s.{f}_read IS NULL", f) for f in AMOUNTS),
        *(("'amount-negative'", f"s.{f}_read < 0", f) for f in AMOUNTS),
        *(
            ("'code-unknown'", f"clean(r.{f}) IS NOT NULL AND s.{f}_read IS NULL", f)
            for f in CODES if f != "family_planning_type"
        ),
        *((f"s.{p}_fault", f"s.{p}_fault_at = '{part}'", f"{p}_{part}")
          for p in ("household", "residence") for part in ("county", "town", "village")),
        ("'category-unknown'", "s.is_category_unknown", "categories"),
        ("'category-missing'", "s.source = 'village_survey' AND s.categories IS NULL AND NOT s.is_category_unknown", "categories"),
        ("'certificate-format'", "clean(r.disability_certificate_number) IS NOT NULL AND NOT s.is_sound", "disability_certificate_number"),
        ("'certificate-id-mismatch'", "s.is_sound AND s.certificate_id <> s.valid_number", "disability_certificate_number"),
        ("'certificate-category-mismatch'", "s.is_sound AND s.certificate_category <> s.disability_category_read", "disability_category"),
        ("'certificate-level-mismatch'", "s.is_sound AND s.certificate_level <> s.disability_level_read", "disability_level"),
        ("'certificate-expired'", f"(s.certificate_expiry_date < DATE '{today}' OR s.certificate_status = 'expired') "
         "AND s.certificate_status IS DISTINCT FROM 'cancelled'", "certificate_expiry_date"),
        ("'certificate-cancelled'", "s.certificate_status = 'cancelled'", "certificate_status"),
        ("'ability-level-missing'", "s.source = 'health_incapacity' AND clean(r.ability_level) IS NULL", "ability_level"),
        ("'ability-assessment-old'", "date_trunc('month', s.ability_assessed_date) + INTERVAL 1 YEAR "
         f"+ to_days(day(s.ability_assessed_date)::INT - 1) < DATE '{today}'", "ability_assessed_date"),
        ("'family-type-unknown'", "s.source = 'health_family_planning' AND s.family_planning_type IS NULL", "family_planning_type"),
    ]  # fmt: skip
    listed = ", ".join(f"CASE WHEN {when} THEN {{'code': {code}, 'field': '{field}'}} END" for code, when, field in rules)
    address = "{'code': 'address-missing', 'field': if(s.source = 'village_survey', 'household_county', 'household_address')}"
    placed = ", ".join(f"s.{place}" for place in places)
    return f"""
CREATE OR REPLACE TABLE findings AS
SELECT source, row_number, found.code AS code, found.field AS field FROM (
    SELECT s.source, s.row_number, unnest(list_filter(
        [{listed}, CASE WHEN coalesce({placed}) IS NULL THEN {address} END], lambda f: f IS NOT NULL)) AS found
    FROM standard s JOIN raw r USING (source, row_number))"""


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
        f"coalesce({', '.join(f'{letters[s]}.{field}' for s in survivorship(field))}) AS {field}" for field in MERGED_FIELDS
    ]
    stated_sex = f"coalesce({', '.join(f'{letters[s]}.sex' for s in survivorship('sex'))})"
    birth_date = f"coalesce({', '.join(f'{letters[s]}.birth_date' for s in SOURCES)})"
    joins = " ".join(
        f"LEFT JOIN admitted {letters[s]} ON {letters[s]}.source = '{s}' AND {letters[s]}.valid_number = n.id_number" for s in SOURCES
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
FROM weighed;
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


def told(file: Path) -> str:
    """What the platform must hear, as JSON lines in its own words; people of no category are not its business."""

    def cell(column: dict[str, str]) -> str:
        field = column["field"]
        if field == "reason":
            return "''"
        value = f"e.{field}" if field != "operation" else "operation"
        if column["type"] == "amount":
            value = f"({value} / 100.0)::DECIMAL(18, 2)"
        elif column["type"] == "code" and column["separator"]:
            value = (
                f"array_to_string(list_transform(string_split({value}, '|'), lambda part: {mapped('part', column['codes'])}), '{column['separator']}')"
            )  # fmt: skip
        elif column["type"] == "code":
            value = mapped(value, column["codes"])
        return f"coalesce({value}::VARCHAR, '')"

    cells = ", ".join(f"\"{column['header']}\" := {cell(column)}" for column in platform_columns())
    return f"""
CREATE TEMP TABLE telling AS
SELECT c.person_id, c.revision, CASE WHEN e.status = 'active' AND e.categories <> '' THEN if(e.told = 'withdrawn', 'new', 'changed')
       WHEN e.told <> 'withdrawn' THEN 'withdrawn' END AS operation
FROM changes c JOIN elders e USING (person_id);
COPY (SELECT t.person_id || '-' || t.revision AS key, operation, struct_pack({cells}) AS fields
      FROM telling t JOIN elders e USING (person_id) WHERE operation IS NOT NULL ORDER BY t.person_id)
TO {quoted(str(file))} (FORMAT json);
UPDATE elders SET told = t.operation FROM telling t WHERE t.person_id = elders.person_id AND t.operation IS NOT NULL;"""


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
            "BEGIN", MACROS, raw(inbox), numbers(today), CATEGORY_WORDS, division_table(), RESOLVED_PLACES, standard(today),
            row_findings(today), BETWEEN_ROWS, merged(), WEIGHED, COMPARED_WITH_KEPT, told(folder / "changes.jsonl"), "COMMIT",
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
