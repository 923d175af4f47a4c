"""What the platform holds in figures, and where the people of a plan live and come from: what a brake is measured against."""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out
from registry.findings import to_frame
from registry.outbox import OPEN, TOLD
from registry.standing import not_yet_taken, without_answer

__all__ = ["HeldFigures", "held_figures", "not_yet_taken", "unreleased", "without_answer"]

_PLANNED = pa.schema(
    [("person_id", pa.int64()), ("sent_as", pa.large_string()), ("village", pa.large_string()), ("sources", pa.large_string())]
)  # fmt: skip

# What is released counts as told: nobody looks at it once more.
_COUNTS = f"({TOLD} OR {OPEN} AND is_released)"
_VILLAGE = (
    "CASE WHEN e.household_village IS NULL THEN '' ELSE concat_ws('/', e.household_town, e.household_village) END"
)
_SOURCES = """(
    SELECT coalesce(string_agg(s.name, '|' ORDER BY s.place), '')
    FROM unnest(CAST(:sources AS text[])) WITH ORDINALITY AS s(name, place) WHERE e.row_ids[s.place] IS NOT NULL
)"""
_NEWEST = f"""
    SELECT DISTINCT ON (person_id) person_id, sent_as FROM outbox
    WHERE profile = :profile AND {_COUNTS} AND coalesce(first_sent_at, settled_at, :cutoff) <= :cutoff
    ORDER BY person_id, revision DESC
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class HeldFigures:
    """People told to a platform and not withdrawn since: all, by source, by village; a week ago; and who left since then."""

    people: int
    by_source: dict[str, int]
    by_village: dict[str, int]
    week_ago: int
    withdrawn_in_week: int


def unreleased(connection: sa.Connection, profile: str, sources: list[str]) -> pd.DataFrame:
    """Everyone planned and not yet released: ``person_id sent_as village sources``.

    ``village`` is town and village of registration, empty where there is none; ``sources`` are those that state the person,
    or did when they left, joined by ``|``.

    Args:
        connection: in the caller's transaction.
        profile: whose outbox.
        sources: configured sources in their order, as ``elder.row_ids`` has them.
    """
    query = f"""
        SELECT o.person_id, o.sent_as, {_VILLAGE}, {_SOURCES} FROM outbox o JOIN elder e USING (person_id)
        WHERE o.profile = :profile AND o.state = 'pending' AND o.payload IS NOT NULL AND NOT o.is_released
        ORDER BY o.person_id
    """  # noqa: S608
    return to_frame(copy_out(connection, sa.text(query).bindparams(profile=profile, sources=sources), _PLANNED))


def held_figures(
    connection: sa.Connection, profile: str, sources: list[str], *, now: datetime, week_ago: datetime
) -> HeldFigures:
    """What a platform holds, or will once what is released has been told."""
    values = {"profile": profile, "sources": sources}
    connection.execute(
        sa.text(
            f"CREATE TEMP TABLE held_now ON COMMIT DROP AS SELECT * FROM ({_NEWEST}) n WHERE sent_as <> 'withdrawn'"  # noqa: S608
        ),
        {"profile": profile, "cutoff": now},
    )
    people = (
        f"SELECT e.person_id, {_VILLAGE} AS village, {_SOURCES} AS sources FROM held_now JOIN elder e USING (person_id)"  # noqa: S608
    )
    by_village = connection.execute(
        sa.text(f"SELECT village, count(*) FROM ({people}) p WHERE village <> '' GROUP BY village"),  # noqa: S608
        values,
    )
    villages = {village: int(count) for village, count in by_village}
    by_source = connection.execute(
        sa.text(
            "SELECT source, count(*) FROM "  # noqa: S608
            f"({people}) p, unnest(string_to_array(sources, '|')) AS source WHERE source <> '' GROUP BY source"
        ),
        values,
    )
    stated = {source: int(count) for source, count in by_source}
    total = connection.execute(sa.text("SELECT count(*) FROM held_now")).scalar_one()
    connection.execute(sa.text("DROP TABLE held_now"))
    earlier = sa.text(f"SELECT count(*) FROM ({_NEWEST}) n WHERE sent_as <> 'withdrawn'")  # noqa: S608
    before = connection.execute(earlier, {"profile": profile, "cutoff": week_ago}).scalar_one()
    left = sa.text(
        f"SELECT count(DISTINCT person_id) FROM outbox WHERE profile = :profile AND {_COUNTS} AND sent_as = 'withdrawn' "  # noqa: S608
        "AND coalesce(first_sent_at, settled_at, :now) > :week_ago"
    )
    gone = connection.execute(left, {"profile": profile, "now": now, "week_ago": week_ago}).scalar_one()
    # What two people have approved is not held against the next plan, whichever night told it.
    let_go = sa.text(
        "SELECT coalesce(sum((counts->>'withdrawn')::bigint), 0) FROM plan "
        "WHERE profile = :profile AND brakes <> '[]' AND released_at > :week_ago"
    )
    approved = connection.execute(let_go, {"profile": profile, "week_ago": week_ago}).scalar_one()
    return HeldFigures(int(total), stated, villages, int(before), max(0, int(gone) - int(approved)))
