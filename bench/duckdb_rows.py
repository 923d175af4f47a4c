"""DuckDB SQL for rows by themselves: reading the lists, the registry's vocabulary, everything wrong with a row."""

from datetime import date
from pathlib import Path

from bench.contract import SOURCES, STATED_FIELDS, divisions, source_contract, words

__all__ = ["CATEGORIES", "PLACES", "mapped", "quoted", "statements_of_rows"]

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
CREATE OR REPLACE TEMP MACRO part_of_address(x, part) AS
    nullif(regexp_extract(x, '^(.+?[县市]?区|.+?[县市])(.+?(?:街道办事处|镇|乡))(.+?(?:村委会|居委会))', part), '');
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
    UNION SELECT part_of_address(a, 1), part_of_address(a, 2), part_of_address(a, 3)
    FROM (SELECT household_address AS a FROM raw UNION SELECT residence_address FROM raw)
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
        f"LEFT JOIN place {p} ON {p}.c IS NOT DISTINCT FROM coalesce(r.{p}_county, part_of_address(r.{p}_address, 1)) "
        f"AND {p}.t IS NOT DISTINCT FROM coalesce(r.{p}_town, part_of_address(r.{p}_address, 2)) "
        f"AND {p}.v IS NOT DISTINCT FROM coalesce(r.{p}_village, part_of_address(r.{p}_address, 3))"
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


EXPIRED = """(s.certificate_expiry_date < DATE '{}' OR s.certificate_status = 'expired')
    AND s.certificate_status IS DISTINCT FROM 'cancelled'"""
OLD = """date_trunc('month', s.ability_assessed_date) + INTERVAL 1 YEAR + to_days(day(s.ability_assessed_date)::INT - 1)
    < DATE '{}'"""


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
        ("'certificate-expired'", EXPIRED.format(today), "certificate_expiry_date"),
        ("'certificate-cancelled'", "s.certificate_status = 'cancelled'", "certificate_status"),
        ("'ability-level-missing'", "s.source = 'health_incapacity' AND clean(r.ability_level) IS NULL", "ability_level"),
        ("'ability-assessment-old'", OLD.format(today), "ability_assessed_date"),
        ("'family-type-unknown'", "s.source = 'health_family_planning' AND s.family_planning_type IS NULL", "family_planning_type"),
    ]  # fmt: skip
    listed = ", ".join(
        f"CASE WHEN {when} THEN {{'code': {code}, 'field': '{field}'}} END" for code, when, field in rules
    )
    address = (
        "{'code': 'address-missing', 'field': if(s.source = 'village_survey', 'household_county', 'household_address')}"
    )
    placed = ", ".join(f"s.{place}" for place in places)
    return f"""
CREATE OR REPLACE TABLE findings AS
SELECT source, row_number, found.code AS code, found.field AS field FROM (
    SELECT s.source, s.row_number, unnest(list_filter(
        [{listed}, CASE WHEN coalesce({placed}) IS NULL THEN {address} END], lambda f: f IS NOT NULL)) AS found
    FROM standard s JOIN raw r USING (source, row_number))"""


def statements_of_rows(inbox: Path, today: date) -> tuple[str, ...]:
    """From the lists to the table ``standard`` and the findings of every row."""
    return (
        MACROS, raw(inbox), numbers(today), CATEGORY_WORDS, division_table(), RESOLVED_PLACES, standard(today),
        row_findings(today),
    )  # fmt: skip
