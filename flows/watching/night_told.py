"""What follows a night: the page of how things stand, and the one message. Whatever goes wrong here, the night is what it was."""

import logging
from typing import Any

from flows.accounts.inspect_runs import status_of
from flows.context import Night
from flows.unforeseen import place_of
from flows.watching.bill import bill_of
from flows.watching.cards import Card, as_lines, card, in_order
from flows.watching.machine_cards import machine_cards
from flows.watching.night_cards import ledger_cards
from flows.watching.notify import Post, tell_night
from flows.watching.server_cards import server_cards
from flows.watching.situation import read_situation
from flows.watching.status_page import write_status
from flows.watching.status_words import LAMPS
from flows.watching.told import read_told
from registry.engine import transaction
from schemas.configuration import load_operations
from schemas.errors import EldersyncError
from schemas.operations import Operations

__all__ = ["tell_of_night"]

log = logging.getLogger("eldersync")


def tell_of_night(night: Night, *, stopped_by: str = "") -> None:
    """Writes the status page and sends the message of a night that has just come to its end.

    Args:
        night: whose run is closed in the ledger, if the ledger can be reached.
        stopped_by: why it could not go on, in words without persons; the message is told from it where the ledger cannot be read.
    """
    try:
        operations = load_operations(night.configuration.folder)
        found = _found(night, operations, stopped_by)
        bureau = night.configuration.bureau.name
        write_status(night.home.path, bureau, found, night.now())
        tell_night(Post(night.home.path, operations.notify, bureau, night.now()), found)
    except EldersyncError as error:
        log.warning("run %d: nobody was told of it: %s", night.run_id, error)
    except Exception as error:  # a night that is done stays done, whatever befalls the telling of it
        log.warning("run %d: nobody was told of it: %s", night.run_id, place_of(error))


def _found(night: Night, operations: Operations, stopped_by: str) -> dict[str, Any]:
    problem: EldersyncError
    try:
        with transaction(night.engine) as connection:
            now = night.now()
            found = read_situation(connection, night.configuration, night.profile, active=None, now=now)
    except EldersyncError as error:
        problem = error
    else:
        home, told = night.home.path, read_told(night.home.path)
        cards = [
            *ledger_cards(found),
            *machine_cards(home, operations, now=now, told=told, nights=found.nights),
            *server_cards(home, operations, now=now, is_thorough=False),
        ]
        return status_of(found, in_order(cards), bill_of(found))
    if not stopped_by:
        raise problem
    return _from_memory(
        night, [card("night-stopped", stopped_by, run=night.run_id), card("database-down", str(problem))]
    )


def _from_memory(night: Night, cards: list[Card]) -> dict[str, Any]:
    """The status of a run that stopped, told without the ledger."""
    headline = f"{LAMPS['red']}  第 {night.run_id} 次运行  业务日期 {night.business_date}  需要处理 {len(cards)} 项"
    run = {"run_id": night.run_id, "business_date": night.business_date.isoformat(), "status": "red"}
    return {
        "status": "red", "active": None, "latest_run": run, "lamp": "red", "headline": headline, "bill": [],
        "cards": as_lines(cards),
    }  # fmt: skip
