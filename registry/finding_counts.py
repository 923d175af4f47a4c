"""How many findings stand now, by code."""

import sqlalchemy as sa

from registry.finding_evidence import CLOSED, EVIDENT

__all__ = ["standing_by_code"]


def standing_by_code(connection: sa.Connection) -> dict[str, int]:
    """How many findings of each code stand that nobody has closed."""
    query = sa.text(
        f"SELECT s.code, count(*) FROM ({EVIDENT} WHERE f.to_run IS NULL) s "  # noqa: S608  words of ours only
        f"LEFT JOIN finding_closure c ON {CLOSED} WHERE c.closure_id IS NULL GROUP BY s.code"
    )
    return {code: int(count) for code, count in connection.execute(query)}
