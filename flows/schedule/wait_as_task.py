"""Waiting for sources (``flows.schedule.wait_for_sources``) as a task of the flow run, with a bar that says of whom and until when."""

import logging
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flows.context import Home, default_config, default_home, open_registry
from flows.logs import log_to_file
from flows.opened_runs import known_sources
from flows.schedule.night_artifacts import show_again
from flows.schedule.prefect_server import quieten_telemetry
from flows.schedule.progress_artifacts import ProgressBar
from flows.schedule.run_of_flow import Asked, ToDo, to_do
from flows.schedule.wait_for_sources import Awaited, awaited_sources, wait_for_sources
from registry import runs
from registry.engine import transaction
from schemas.configuration import load_configuration

quieten_telemetry()  # before Prefect is loaded: it reads its settings then

from prefect import task  # noqa: E402
from prefect.cache_policies import NO_CACHE  # noqa: E402

__all__ = ["await_sources"]

log = logging.getLogger("eldersync")

_AWAITED: dict[str, Awaited] = {}
"""Sources this process waits for, by name: what the task needs beside the names it is given."""


def await_sources(asked: Asked, business_date: date | None, sources: list[str] | None) -> ToDo | None:
    """Waits where a new night is to begin and a cut-off is still ahead; where there is nothing to do, how the flow run ends."""
    configuration = load_configuration(default_config())
    known_sources(configuration, sources)
    home, now = Home(default_home().expanduser().resolve()), datetime.now(ZoneInfo(configuration.bureau.timezone))
    names = sources or list(configuration.sources)
    with open_registry(home, configuration) as engine, transaction(engine) as connection:
        left = to_do(connection, asked, list(configuration.sources))
        delivered = {name: runs.delivered(connection, name) for name in names}
    if left.ended:
        return show_again(left)
    awaited = awaited_sources(
        configuration, home.inbox, delivered, business_date=business_date or now.date(), sources=names, now=now
    )
    if awaited and not left.run_id:
        _AWAITED.update({one.name: one for one in awaited})
        with log_to_file(home.logs):
            _wait([one.name for one in awaited])
    return None


@task(name="wait for sources", task_run_name="wait for sources", persist_result=False, cache_policy=NO_CACHE)
def _wait(names: list[str]) -> list[str]:
    """The names of those of which nothing came until their cut-off."""
    awaited = [_AWAITED[name] for name in names]
    zone, bar = awaited[0].until.tzinfo, ProgressBar("night-waiting")
    began, last = datetime.now(zone), max(one.until for one in awaited)

    def tell(waiting: list[Awaited]) -> None:
        share = (datetime.now(zone) - began) / (last - began)
        words = "、".join(f"{one.label}（最迟 {one.until:%H:%M}）" for one in waiting)
        bar.tell(100 * min(max(share, 0.0), 1.0), f"等待来源报送：{words}")

    log.info("waiting for %s", ", ".join(f"{one.name} until {one.until:%H:%M}" for one in awaited))
    late = wait_for_sources(awaited, now=lambda: datetime.now(zone), tell=tell)
    log.info("done waiting; until its cut-off nothing came of: %s", ", ".join(late) or "none")
    bar.tell(100, f"等待结束：{len(names) - len(late)} 个来源已到，{len(late)} 个到截止时间没有新文件")
    return late
