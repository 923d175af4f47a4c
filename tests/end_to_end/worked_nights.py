"""Nights that a worker performs for a real Prefect server, each in a home and a database of its own, and the server's pages in a browser."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from threading import Event, Thread
from typing import Any

import waiting
from disturbed_nights import SECOND, Place
from playwright.sync_api import Browser, Page, sync_playwright
from private_prefect import ROOT, Prefect

__all__ = ["CHROMIUM", "Nights", "running_browser", "running_worker", "wait_until"]

CHROMIUM = shutil.which("chromium")
wait_until = partial(waiting.wait_until, seconds=400, pause=0.5)
_ENDED = {"COMPLETED", "FAILED", "CANCELLED", "CRASHED"}


@dataclass(frozen=True)
class Nights:
    """A deployment of the night, and what became of its runs."""

    prefect: Prefect
    deployment_id: str

    def order(self, place: Place, *, config: str | None = None, **parameters: Any) -> str:
        """Asks for a night in a place; its id."""
        environment = {
            "ELDERSYNC_HOME": str(place.home), "ELDERSYNC_DATABASE_URL": place.database.url,
            "ELDERSYNC_CONFIG": config or os.environ["ELDERSYNC_CONFIG"],
        }  # fmt: skip
        asked = {
            "parameters": parameters, "state": {"type": "SCHEDULED"}, "job_variables": {"env": environment},
        }  # fmt: skip
        ordered = self.prefect.ask(f"deployments/{self.deployment_id}/create_flow_run", asked)
        flow_run: str = ordered["id"]
        return flow_run

    def flow_run(self, flow_run: str) -> dict[str, Any]:
        [found] = self.prefect.ask("flow_runs/filter", {"flow_runs": {"id": {"any_": [flow_run]}}})
        return dict(found)

    def ended(self, flow_run: str, tries: int = 1) -> tuple[str, str]:
        """How a night ended that was tried so often: the name of its state and its message."""

        def state() -> dict[str, Any] | None:
            found = self.flow_run(flow_run)
            return found["state"] if found["run_count"] >= tries and found["state"]["type"] in _ENDED else None

        found = wait_until(state)
        return found["name"], found["message"]

    def failed(self, place: Place) -> str:
        """A night ordered in a place where it stops."""
        flow_run = self.order(place, business_date=SECOND)
        assert self.ended(flow_run)[0] == "Failed"
        return flow_run

    def artifact(self, flow_run: str, key: str) -> dict[str, Any] | None:
        """What a flow run shows under a key, if it shows that yet."""
        wanted = {"flow_runs": {"id": {"any_": [flow_run]}}, "artifacts": {"key": {"any_": [key]}}}
        found = self.prefect.ask("artifacts/filter", wanted)
        return dict(found[0]) if found else None

    def page_of(self, flow_run: str) -> str:
        """Where the server shows a flow run."""
        return f"{self.prefect.environment['PREFECT_API_URL'].removesuffix('/api')}/runs/flow-run/{flow_run}"

    def press(self, page: Page, flow_run: str, button: str, confirm: str) -> None:
        """Presses a button on the page of a flow run, and the one that confirms it."""
        page.goto(self.page_of(flow_run))
        page.get_by_role("button", name=button, exact=True).click(timeout=120_000)
        page.locator(".p-modal").get_by_role("button", name=confirm, exact=True).click(timeout=120_000)
        page.locator(".p-modal").wait_for(state="hidden", timeout=120_000)


@contextmanager
def running_worker(prefect: Prefect) -> Iterator[None]:
    """A worker of the pool, for as long as the block lasts; one that dies, of a slow server for instance, is begun again as at a bureau."""
    ending = Event()
    keeper = Thread(target=_keep_a_worker, args=(prefect, ending))
    keeper.start()
    try:
        yield
    finally:
        ending.set()
        keeper.join()


def _keep_a_worker(prefect: Prefect, ending: Event) -> None:
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "eldersync", "--limit", "2"]
    environment = {**prefect.environment, "PREFECT_WORKER_QUERY_SECONDS": "1"}
    with (prefect.home / "logs" / "worker.log").open("ab") as log:
        while not ending.is_set():
            with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log) as worker:
                while worker.poll() is None and not ending.wait(0.5):
                    pass
                worker.terminate()
                with suppress(subprocess.TimeoutExpired):
                    worker.wait(timeout=20)
                worker.kill()  # one whose server is slow may go on closing for ever


@contextmanager
def running_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
        )
        yield running
        running.close()
