"""What one measured process does: ``python -m bench.push_work WAY SETTINGS``, a line of JSON in and one out.

Imports are not counted in the seconds and are counted in the memory. ``loop`` and ``threads`` are what a script does: they post,
read the answer, and know nothing afterwards.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import local
from typing import Any

import requests

from connectors.exchange_tables.exchange import ExchangeTables
from connectors.http_calls.signing import gateway_headers, new_nonce
from connectors.platform_api.client import PlatformApi
from flows.telling.plan import make_plan
from flows.telling.push_online import Client, Pace, Sender, deliver
from flows.telling.targets import ExchangeClient
from registry.engine import connect_registry, transaction
from registry.lock import assert_lock_held, run_lock
from schemas.configuration import load_configuration
from schemas.platform_api import ApiFormat
from schemas.platform_profile import PlatformProfile, load_profile

__all__ = ["CONNECTIONS", "Settings", "with_address"]

CONNECTIONS = 8
TOKEN = "bench"


@dataclass(frozen=True)
class Settings:
    """Where everything is, in a form that can be told to another process."""

    home: str
    config: str
    database_url: str
    run_id: int
    platform_url: str = ""
    bodies: str = ""
    exchange_url: str = ""


def profile_of(settings: Settings) -> PlatformProfile:
    profile = load_profile(Path(settings.config) / "platform" / "example.toml")
    return with_address(profile, settings.platform_url) if settings.platform_url else profile


def with_address(profile: PlatformProfile, url: str) -> PlatformProfile:
    """The profile with the stand-in's address in its interface."""
    assert profile.api is not None
    api = ApiFormat(**{**profile.api.model_dump(), "url": url, "connections": CONNECTIONS})
    return profile.model_copy(update={"api": api})


def plan(settings: Settings) -> dict[str, Any]:
    """Puts what waits into bytes, in one transaction, as the stage does."""
    profile, configuration = profile_of(settings), load_configuration(Path(settings.config))
    with (
        connect_registry(Path(settings.home), settings.database_url) as engine,
        counted() as cost,
        transaction(engine) as connection,
    ):
        made = make_plan(connection, profile, configuration, run_id=settings.run_id, now=datetime.now(UTC))
    assert made["is_released"], made
    assert not made["incomplete"], made
    return {"people": made["new"] + made["changed"] + made["withdrawn"], **cost}


def ours(settings: Settings) -> dict[str, Any]:
    """Our push over the interface."""
    profile = profile_of(settings)
    assert profile.api is not None
    pace = Pace(profile.api.batch_items, profile.api.connections, profile.api.call_seconds, profile.api.poll_seconds)
    return told(settings, profile.name, pace, lambda: PlatformApi(profile, token=TOKEN))


def exchange(settings: Settings) -> dict[str, Any]:
    """Our push over exchange tables; nobody takes the rows out meanwhile."""
    profile = profile_of(settings)
    assert profile.exchange is not None
    pace = Pace(profile.exchange.batch_rows, 1, profile.exchange.deadline_seconds, profile.exchange.poll_seconds)
    tables = ExchangeTables(profile, settings.exchange_url)
    return told(settings, profile.name, pace, lambda: ExchangeClient(tables))


def told(settings: Settings, name: str, pace: Pace, open_client: Callable[[], Client]) -> dict[str, Any]:
    with connect_registry(Path(settings.home), settings.database_url) as engine, run_lock(engine) as lock:
        sender = Sender(
            engine=engine, profile=name, pace=pace, open_client=open_client, now=partial(datetime.now, UTC),
            run_id=settings.run_id, guard=partial(assert_lock_held, lock=lock),
        )  # fmt: skip
        with counted() as cost:
            delivered = deliver(sender)
    return {"people": sum(delivered.settled.values()), "states": dict(delivered.settled), **cost}


def loop(settings: Settings) -> dict[str, Any]:
    """One session, one batch after the other."""
    with counted() as cost, requests.Session() as session, Path(settings.bodies).open("rb") as bodies:
        accepted = sum(post(session, settings.platform_url, body) for body in bodies)
    return {"people": accepted, **cost}


def threads(settings: Settings) -> dict[str, Any]:
    """Eight threads with a session each."""
    own = local()

    def of_a_thread(body: bytes) -> int:
        if not hasattr(own, "session"):
            own.session = requests.Session()
        return post(own.session, settings.platform_url, body)

    with counted() as cost, ThreadPoolExecutor(CONNECTIONS) as pool, Path(settings.bodies).open("rb") as bodies:
        accepted = sum(pool.map(of_a_thread, bodies))
    return {"people": accepted, **cost}


def post(session: requests.Session, url: str, body: bytes) -> int:
    signed = gateway_headers("tif", paas_id="elders", token=TOKEN, at=datetime.now(UTC), nonce=new_nonce())
    headers = {"Content-Type": "application/json;charset=UTF-8", **signed}
    answer = session.post(f"{url}/ebus/elders/upsert", data=body.rstrip(b"\n"), headers=headers, timeout=60)
    answer.raise_for_status()
    return sum(item["status"] == "accepted" for item in answer.json()["data"]["items"])


@contextmanager
def counted() -> Iterator[dict[str, float]]:
    """Wall and processor seconds of the block, and the most memory this process has held so far."""
    cost: dict[str, float] = {}
    began, worked = time.perf_counter(), time.process_time()
    yield cost
    cost |= {"seconds": time.perf_counter() - began, "worked": time.process_time() - worked, "megabytes": most_held()}


def most_held() -> float:
    # Not ru_maxrss: it counts what our parent held when it started us.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1000
    raise AssertionError("this kernel does not say how much memory a process held")


WAYS: dict[str, Callable[[Settings], dict[str, Any]]] = {
    "plan": plan, "ours": ours, "exchange": exchange, "loop": loop, "threads": threads,
}  # fmt: skip


def request_of(way: str, settings: Settings) -> list[str]:
    """The command that does it in a process of its own."""
    return [sys.executable, "-m", "bench.push_work", way, json.dumps(asdict(settings))]


if __name__ == "__main__":
    print(json.dumps(WAYS[sys.argv[1]](Settings(**json.loads(sys.argv[2])))))
