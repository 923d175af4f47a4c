"""Numbers that are or were a person's, dated: an ID number may be corrected, and two numbers may turn out to be one person's."""

import pandas as pd
import sqlalchemy as sa

from registry.bulk import fill, load_temp
from registry.decision_links import NUMBER_OF_KEY, NUMBERS_IN_FORCE
from registry.elder_categories import is_first
from registry.tables import identifier

__all__ = ["assign_numbers", "store_identifiers"]


def store_identifiers(connection: sa.Connection, run_id: int, written: pd.DataFrame) -> None:
    """Adds the numbers that records have now; a certificate number is dated from and to the run that saw it.

    Args:
        connection: in the stage's transaction.
        run_id: tonight's run.
        written: records of ``transforms.compare`` with their ``person_id``.
    """
    changed = written[written["operation"] != "restated"]
    parts = []
    for kind, field in (("id_number", "id_number"), ("disability_certificate", "disability_certificate_number")):
        given = changed[changed[field].notna()]
        kinds = pd.array([kind] * len(given), dtype="str")
        part = {"kind": kinds, "value": given[field], "person_id": given["person_id"], "is_first": is_first(given)}
        parts.append(pd.DataFrame(part))
    numbers = pd.concat(parts, ignore_index=True)
    first = numbers.pop("is_first").to_numpy(dtype=bool)
    fill(connection, identifier, numbers[first].assign(from_run=run_id))
    if first.all():
        return
    load_temp(connection, "numbers", numbers[~first])
    connection.execute(
        sa.text(
            "UPDATE identifier i SET to_run = :run FROM numbers n WHERE i.person_id = n.person_id AND i.kind = n.kind "
            "AND i.to_run IS NULL AND i.value <> n.value AND i.kind = 'disability_certificate'"
        ),
        {"run": run_id},
    )
    connection.execute(
        sa.text(
            "INSERT INTO identifier (kind, value, person_id, from_run) SELECT n.kind, n.value, n.person_id, :run FROM numbers n "
            "WHERE NOT EXISTS (SELECT FROM identifier i WHERE i.to_run IS NULL "
            "AND (i.kind, i.value, i.person_id) = (n.kind, n.value, n.person_id))"
        ),
        {"run": run_id},
    )
    connection.execute(sa.text("DROP TABLE numbers"))


_KEY = "(substr(i.value, 1, 17)::bigint * 11 + position(substr(i.value, 18, 1) IN '0123456789X') - 1)"
_NUMBER = NUMBER_OF_KEY.format(key="n.id_key")
# Whose a number is: by decision, else that of the person it made known first.
_ELSEWHERE = f"""
    UPDATE identifier i SET to_run = :run FROM elder e JOIN people p USING (id_key)
    WHERE i.person_id = e.person_id AND i.kind = 'id_number' AND i.to_run IS NULL
    AND coalesce((SELECT n.person_key FROM ({NUMBERS_IN_FORCE}) n WHERE n.id_key = {_KEY}), {_KEY}) <> e.id_key
"""  # noqa: S608  words of ours only
_HERE = f"""
    INSERT INTO identifier (kind, value, person_id, from_run)
    SELECT 'id_number', {_NUMBER}, e.person_id, :run
    FROM ({NUMBERS_IN_FORCE}) n JOIN elder e ON e.id_key = n.person_key JOIN people p ON p.id_key = e.id_key
    WHERE NOT EXISTS (SELECT FROM identifier i WHERE i.to_run IS NULL AND i.kind = 'id_number'
                      AND i.person_id = e.person_id AND i.value = {_NUMBER})
"""  # noqa: S608  words of ours only


def assign_numbers(connection: sa.Connection, run_id: int) -> None:
    """Gives numbers that were decided to be a person's to that person, and takes them from whom they are no more.

    Those looked at are in the table ``people``. A number that is given back to somebody whose record is written is that
    person's again by :func:`store_identifiers`.
    """
    any_link = sa.text("SELECT EXISTS (SELECT FROM identity_link WHERE kind = 'number')")
    if connection.execute(any_link).scalar_one():
        connection.execute(sa.text(_ELSEWHERE), {"run": run_id})
        connection.execute(sa.text(_HERE), {"run": run_id})
