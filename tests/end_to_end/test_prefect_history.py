"""Prefect's history of runs that ended long ago is taken back through its own interface; without a server nobody minds."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient

from flows.keeping.prefect_history import prune_flow_runs
from flows.schedule.prefect_server import running_prefect_server
from schemas.operations import Server

LATER = timedelta(minutes=5)
PASSWORD = "operator:only-for-tests"


class Prefect:
    """A protected server whose history nobody else needs, and the home that knows its password."""

    def __init__(self, home: Path, url: str) -> None:
        self.home, self.url = home, url

    def ask(self, path: str, question: dict[str, Any]) -> Any:
        with SyncPrefectClient(self.url, auth_string=PASSWORD) as client:
            return client.request("POST", path, json=question).raise_for_status().json()

    def pruned(self, before: datetime, *, write: bool) -> int | None:
        return prune_flow_runs(self.home, Server(), before, write=write)

    def known(self) -> set[str]:
        return {flow_run["id"] for flow_run in self.ask("/flow_runs/filter", {})}


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    home = tmp_path_factory.mktemp("protected")
    (home / "secrets").mkdir(mode=0o700)
    (home / "secrets/prefect_password").write_text(PASSWORD)
    (home / "secrets/prefect_password").chmod(0o600)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_SERVER_API_AUTH_STRING", PASSWORD)
        patch.setenv("PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED", "true")
        with running_prefect_server(home) as environment:
            patch.setenv("PREFECT_API_URL", environment["PREFECT_API_URL"])
            yield Prefect(home, environment["PREFECT_API_URL"])


def test_runs_that_ended_before_the_limit_go_page_by_page_and_those_that_have_not_ended_stay(prefect: Prefect) -> None:
    flow = prefect.ask("/flows/", {"name": "pruned"})["id"]
    waiting = prefect.ask("/flow_runs/", {"flow_id": flow, "state": {"type": "PENDING"}})["id"]
    ended = [prefect.ask("/flow_runs/", {"flow_id": flow, "state": {"type": "RUNNING"}})["id"] for _ in range(51)]
    for flow_run in ended:
        prefect.ask(f"/flow_runs/{flow_run}/set_state", {"state": {"type": "COMPLETED"}, "force": True})
    now = datetime.now(UTC)
    assert prefect.pruned(now - LATER, write=True) == 0
    assert prefect.pruned(now + LATER, write=False) == 51
    assert prefect.known() == {waiting, *ended}
    assert prefect.pruned(now + LATER, write=True) == 51
    assert prefect.known() == {waiting}


def test_where_no_server_answers_nothing_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    began = time.monotonic()
    assert prune_flow_runs(tmp_path, Server(), datetime.now(UTC), write=True) is None
    assert time.monotonic() - began < 30
