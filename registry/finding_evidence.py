"""What makes two findings the same: digests of what was found, and of whom it was found of."""

__all__ = ["CLOSED", "EVIDENT", "VANISHED"]

# A row that comes again keeps its hash and its findings' evidence, whatever numbers they get; a file's findings hang on its
# bytes. Digests are compared only, and stay in the registry.
_FOUND = """
    coalesce(r.row_hash::text, m.row_hash::text,
             d.sha256 || '/' || coalesce(f.sheet, '') || '/' || coalesce(f.row_number::text, '') || '/' || coalesce(f.header, ''),
             'finding ' || f.finding_id)
"""
# What was found between rows is found anew whenever a row of the person changes, so it rests on the rows in force then.
_BETWEEN = """
    CASE WHEN f.origin = 'merge' THEN (
        SELECT string_agg(p.source || p.row_hash, ',' ORDER BY p.source, p.row_hash) FROM source_row p
        WHERE p.id_key = r.id_key AND p.from_run <= f.from_run AND (p.to_run IS NULL OR p.to_run > f.from_run)) END
"""
# Of a person it is the same problem although the cell, or another of the row, says something else by now.
_WHOSE = """
    coalesce('number ' || r.id_key,
             'name ' || r.name || '/' || coalesce(r.household_village, r.residence_village, ''),
             'member ' || m.elder_id_number || '/' || m.name,
             r.row_hash::text, m.row_hash::text, 'file ' || coalesce(f.sheet, '') || '/' || coalesce(f.header, ''))
"""
_WHAT = "f.origin, f.source, f.code, coalesce(f.field, '')"


def _digest(texts: str) -> str:
    return f"encode(sha256(convert_to(concat_ws(chr(31), {texts}), 'UTF8')), 'hex')"


EVIDENT = f"""
    SELECT f.*, coalesce(r.household_village, r.residence_village) AS village,
           {_digest(f"{_WHAT}, coalesce(f.seen, ''), {_FOUND}, {_BETWEEN}")} AS evidence,
           {_digest(f"{_WHAT}, {_WHOSE}")} AS problem
    FROM finding f
    LEFT JOIN delivery d USING (delivery_id)
    LEFT JOIN source_row r ON r.row_id = f.row_id AND f.origin IN ('row', 'merge', 'push')
    LEFT JOIN member_row m ON m.row_id = f.row_id AND f.origin = 'member'
"""  # noqa: S608  words of ours only
"""SQL: findings ``f`` with ``village``, ``evidence`` (exactly this was found) and ``problem`` (of whom and what); add a WHERE."""

CLOSED = "c.evidence = s.evidence AND c.reopened_at IS NULL"
"""SQL: the closure ``c`` of a finding ``s`` of :data:`EVIDENT` that is in force."""

# The account that the newest take of each source left says which rows it kept although the list has them no more.
VANISHED = """
    SELECT jsonb_array_elements_text(newest.standing -> 'vanished')::bigint AS row_id FROM (
        SELECT DISTINCT ON (t.source) t.result -> 'standing' AS standing FROM stage t JOIN run USING (run_id)
        WHERE t.name = 'take' AND t.status = 'done' AND run.undone_by IS NULL ORDER BY t.source, t.run_id DESC
    ) newest
"""
"""SQL: ``row_id`` of rows that were returned and have not come again, and of whom nobody has said yet why."""
