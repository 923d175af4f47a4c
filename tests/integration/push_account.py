"""What came of pushes: what the registry committed, against what the platform's own ledger says happened. Our notes count for nothing.

A person whose last committed record is not what the platform holds is lost. What was committed to be told is noted by a
trigger of the database, in the transaction that planned it, because an accepted payload makes older ones superfluous.
"""

import json
from collections import Counter
from dataclasses import dataclass, fields

import sqlalchemy as sa
from push_changes import cells_of

from registry.tables import elder, outbox
from simulator.province.items import fields_digest
from simulator.province.ledger_view import Holding, LedgerView
from simulator.province.reckoning import Expected, doubled, out_of_order, unexpected
from simulator.province.running import RunningProvince

__all__ = ["NOTE_WHAT_IS_TOLD", "Account", "account_of"]

NOTE_WHAT_IS_TOLD = """
    CREATE TABLE committed_to_tell (person_id bigint, revision bigint, sent text);
    CREATE FUNCTION note_what_is_told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO committed_to_tell VALUES (NEW.person_id, NEW.revision, coalesce(NEW.sent_fields, NEW.payload));
        RETURN NULL;
    END $$;
    CREATE TRIGGER note_what_is_told AFTER INSERT OR UPDATE OF payload ON outbox FOR EACH ROW
        WHEN (NEW.payload IS NOT NULL AND NEW.state = 'pending') EXECUTE FUNCTION note_what_is_told();
"""

_OPEN = ("pending", "inflight", "processing", "unknown")


@dataclass(frozen=True, slots=True)
class Account:
    """Counts. The first six must be nothing, and so must ``refused`` and ``waiting`` once everything was told."""

    lost: int
    doubled: int
    unexpected: int
    out_of_order: int
    believed: int  # noted as accepted, and no effect in the ledger
    strayed: int  # calls that went elsewhere because they were told to
    refused: int
    waiting: int
    changes: int
    effects: int
    absorbed: int

    @property
    def faults(self) -> dict[str, int]:
        """What is wrong; empty where nothing is."""
        counted = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: count for name, count in list(counted.items())[:8] if count}

    def words(self) -> str:
        return "  ".join(f"{field.name.replace('_', ' ')} {getattr(self, field.name):,}" for field in fields(self))


def account_of(engine: sa.Engine, platform: RunningProvince) -> Account:
    """Reckons a registry against a platform's ledger, when nobody writes to either."""
    with platform.view() as view:
        return _account(engine, view, platform.trap_hits)


def _account(engine: sa.Engine, view: LedgerView, strayed: int) -> Account:
    effects, holdings = view.effects(), view.state()
    with engine.connect() as connection:
        states = connection.execute(sa.select(outbox.c.person_id, outbox.c.revision, outbox.c.state)).all()
        told = connection.execute(sa.text("SELECT person_id, revision, sent FROM committed_to_tell")).all()
        people = connection.execute(
            sa.select(elder.c.person_id, elder.c.content_hash, elder.c.status, elder.c.categories)
        ).all()
    committed = [Expected(str(person), revision, fields_digest(json.loads(sent))) for person, revision, sent in told]
    happened = {(effect.person, effect.revision) for effect in effects}
    counted = Counter(state for _, _, state in states)
    return Account(
        lost=sum(
            not _is_held(holdings.get(str(person)), person, variant, wanted=status == "active" and categories is not None)
            for person, variant, status, categories in people
        ),
        doubled=len(doubled(effects)),
        unexpected=len(unexpected(effects, committed)),
        out_of_order=len(out_of_order(effects)),
        believed=sum(state == "accepted" and (str(person), revision) not in happened for person, revision, state in states),
        strayed=strayed,
        refused=counted["rejected"] + counted["held"],
        waiting=sum(counted[state] for state in _OPEN),
        changes=len(states),
        effects=len(effects),
        absorbed=sum(seen.known for seen in view.requests()),
    )  # fmt: skip


def _is_held(holding: Holding | None, person: int, variant: int, *, wanted: bool) -> bool:
    """Whether the platform holds what the registry last committed of a person: the same cells, or nobody."""
    if holding is None or not holding.is_present or not wanted:
        return not wanted and (holding is None or not holding.is_present)
    cells = cells_of(person, variant)
    headers = {"name": "姓名", "id_number": "证件号码", "birth_date": "出生日期", "assistance_measures": "帮扶措施"}
    same = all(holding.fields.get(header) == cells[field] for field, header in headers.items())
    return same and len(holding.fields["人员类型"].split(",")) == len(str(cells["categories"]).split("|"))
