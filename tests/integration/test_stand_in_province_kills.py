"""A platform killed at any instant has kept what it answered, and halved no item; and it is quick enough to be no excuse."""

import http.client
import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from province_client import Client, fields_of, item_of
from province_process import killed_province

from simulator.province.items import fields_digest
from simulator.province.ledger_tables import open_for_reading
from simulator.province.ledger_view import open_view
from simulator.province.reckoning import Expected, reckon

KILLS = 30
PEOPLE = 50


class Sender:
    """Sends the revisions of its people one after the other, a batch again until it is answered."""

    def __init__(self, first: int) -> None:
        self.people = range(first, first + PEOPLE)
        self.revision = 1
        self.accepted: set[str] = set()
        self.interrupted = 0

    def batch(self) -> Iterator[Any]:
        operation = "new" if self.revision == 1 else "changed"
        return (item_of(person, self.revision, operation) for person in self.people)

    def send_until_killed(self, port: int) -> None:
        try:
            with Client(port) as client:
                while True:
                    self.send(client)
        except (OSError, http.client.HTTPException):
            self.interrupted += 1

    def send(self, client: Client) -> None:
        statuses = client.upsert(*self.batch()).statuses
        assert set(statuses.values()) == {"accepted"}
        self.accepted |= set(statuses)
        self.revision += 1

    def expected(self) -> list[Expected]:
        return [
            Expected(str(person), revision, fields_digest(fields_of(person, "new" if revision == 1 else "changed")))
            for revision in range(1, self.revision)
            for person in self.people
        ]


def test_thirty_kills_lose_nothing_that_was_answered_and_halve_no_item(tmp_path):
    seed = random.randrange(1 << 30)  # noqa: S311
    print(f"seed {seed}")  # noqa: T201
    instants = random.Random(seed)  # noqa: S311
    ledger, senders = tmp_path / "ledger.sqlite", [Sender(1), Sender(1001)]
    for _ in range(KILLS):
        with killed_province(ledger) as platform:
            threads = [threading.Thread(target=sender.send_until_killed, args=(platform.port,)) for sender in senders]
            for thread in threads:
                thread.start()
            time.sleep(instants.uniform(0.0, 0.15))
        for thread in threads:
            thread.join()
        assert_whole(ledger, set[str]().union(*(sender.accepted for sender in senders)))
    assert sum(sender.interrupted for sender in senders) == 2 * KILLS
    with killed_province(ledger) as platform, Client(platform.port) as client:
        for sender in senders:
            sender.send(client)
    with open_view(ledger) as view:
        found = reckon(view.effects(), [change for sender in senders for change in sender.expected()])
    assert found.is_clean, found.counts()


def test_it_takes_more_than_a_client_has_to_send(tmp_path):
    batches = [list(map(item_of, range(first, first + 100))) for first in range(1, 8001, 100)]
    bodies = [json.dumps({"batch": f"b-{batch[0]['person']}", "items": batch}).encode() for batch in batches]

    def send(mine):
        with Client(platform.port) as client:
            return sum(client.send("/ebus/elders/upsert", body).body.count(b'"accepted"') for body in mine)

    with killed_province(tmp_path / "ledger.sqlite") as platform, ThreadPoolExecutor(8) as pool:
        began = time.monotonic()
        accepted = sum(pool.map(send, [bodies[one::8] for one in range(8)]))
        seconds = time.monotonic() - began
    print(f"{accepted / seconds:,.0f} items/s")  # noqa: T201
    assert accepted == 8000
    assert accepted / seconds > 2000


def assert_whole(ledger, answered):
    """Whatever was answered took effect, and every effect has its receipt and is what is held, unless a newer one is."""
    with open_view(ledger) as view:
        assert view.is_sound()
        effects, state = view.effects(), view.state()
    keys = [effect.key for effect in effects]
    assert len(keys) == len(set(keys))
    assert answered <= set(keys)
    newest = {effect.person: (effect.revision, effect.digest) for effect in effects}
    assert {person: (held.revision, held.digest) for person, held in state.items()} == newest
    with closing(open_for_reading(ledger)) as connection:
        assert {key for (key,) in connection.execute("SELECT key FROM receipt WHERE status = 'accepted'")} == set(keys)
        (accepted,) = connection.execute("SELECT sum(accepted - known) FROM request").fetchone()
    assert (accepted or 0) == len(keys)
