"""What a comparison with the platform's list asks of the registry: what given people were told last, and who they are."""

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from registry.bulk import copy_out
from registry.findings import to_frame
from registry.outbox import OPEN, TOLD

__all__ = ["described_people", "everybody_told", "give_way", "give_way_to_ours", "told_of"]

_TEXT, _NUMBER = pa.large_string(), pa.int64()
_TOLD_OF = pa.schema(
    [
        ("person_id", _NUMBER), ("revision", _NUMBER), ("sent_as", _TEXT), ("payload", _TEXT), ("is_changed_since", pa.bool_()),
    ]
)  # fmt: skip
_EVERYBODY_TOLD = pa.schema([("person_id", _NUMBER), ("revision", _NUMBER), ("sent_as", _TEXT)])
# Numbers come from us alone, so whoever holds this one or a higher one has heard of the change, or of one after it.
_GIVE_WAY = sa.text(f"""
    UPDATE outbox o SET state = 'superseded', code = 'newer-there', payload = NULL, sent_fields = NULL, next_at = NULL,
                        fence = NULL, lease_until = NULL
    WHERE o.profile = :profile AND {OPEN} AND o.revision <= (
        SELECT t.revision FROM outbox t WHERE t.profile = :profile AND t.person_id = o.person_id AND {TOLD}
        ORDER BY t.revision DESC LIMIT 1
    )
""")  # noqa: S608
_GIVE_WAY_TO_OURS = sa.text(f"""
    UPDATE outbox o SET state = 'superseded', code = 'reasserted', payload = NULL, sent_fields = NULL, next_at = NULL
    WHERE o.profile = :profile AND {OPEN} AND o.state IN ('held', 'pending') AND o.person_id = ANY(CAST(:people AS bigint[]))
""")  # noqa: S608
_DESCRIBED = pa.schema([("person_id", _NUMBER), ("name", _TEXT), ("village", _TEXT)])


def told_of(connection: sa.Connection, profile: str, people: Sequence[int]) -> pd.DataFrame:
    """What the platform was told last of these people, as far as they were told anything and the registry knows them.

    Columns: ``person_id revision sent_as payload`` and ``is_changed_since``: something newer was refused, or turned out not
    to be held, so that ours is no longer what was told.
    """
    query = f"""
        SELECT p.person_id, t.revision, t.sent_as, t.payload, EXISTS (
            SELECT FROM outbox n WHERE n.profile = :profile AND n.person_id = p.person_id AND n.revision > t.revision
            AND (n.state = 'rejected' OR n.code = 'not-held')
        )
        FROM unnest(CAST(:people AS bigint[])) AS p (person_id) CROSS JOIN LATERAL (
            SELECT revision, sent_as, payload FROM outbox
            WHERE profile = :profile AND outbox.person_id = p.person_id AND {TOLD} ORDER BY revision DESC LIMIT 1
        ) t WHERE EXISTS (SELECT FROM elder e WHERE e.person_id = p.person_id) ORDER BY p.person_id
    """  # noqa: S608  words of ours only
    values = {"profile": profile, "people": sorted(set(people))}
    return to_frame(copy_out(connection, sa.text(query).bindparams(**values), _TOLD_OF))


def everybody_told(connection: sa.Connection, profile: str) -> pd.DataFrame:
    """Everybody the platform was ever told of, and as what last: ``person_id revision sent_as``, without what was said.

    Numbers that were only read back after a restore, and that the registry knows nobody of, are not among them.
    """
    query = f"""
        SELECT t.* FROM (
            SELECT DISTINCT ON (profile, person_id) person_id, revision, sent_as FROM outbox
            WHERE profile = :profile AND {TOLD} ORDER BY profile, person_id, revision DESC
        ) t WHERE EXISTS (SELECT FROM elder e WHERE e.person_id = t.person_id) ORDER BY person_id
    """  # noqa: S608
    return to_frame(copy_out(connection, sa.text(query).bindparams(profile=profile), _EVERYBODY_TOLD))


def described_people(connection: sa.Connection, people: Sequence[int]) -> pd.DataFrame:
    """Which of these people the registry knows, withdrawn ones too: ``person_id name village``."""
    query = """
        SELECT person_id, name, household_village FROM elder
        WHERE person_id = ANY(CAST(:people AS bigint[])) ORDER BY person_id
    """
    values = {"people": sorted(set(people))}
    return to_frame(copy_out(connection, sa.text(query).bindparams(**values), _DESCRIBED))


def give_way(connection: sa.Connection, profile: str) -> int:
    """After a restore, what was open in the backup and is not above what the platform holds is not told; how many entries.

    It would be an old state of the person told under a new number. Nobody sends meanwhile.
    """
    return connection.execute(_GIVE_WAY, {"profile": profile}).rowcount


def give_way_to_ours(connection: sa.Connection, profile: str, people: Sequence[int]) -> int:
    """What is held of these people, and what waits behind it, gives way to what is entered anew above it; how many entries."""
    given = {"profile": profile, "people": sorted(set(people))}
    return connection.execute(_GIVE_WAY_TO_OURS, given).rowcount
