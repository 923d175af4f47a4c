"""What ``eldersync`` itself leaves behind, read from its registry and its platform files after the clock has stopped."""

import re
import shutil
from datetime import date
from pathlib import Path

import sqlalchemy as sa

from bench.contract import CONFIG, OUTPUTS
from registry.embedded import running_server

__all__ = ["command", "outputs", "release_every_plan", "stage_seconds"]

_TABLES = {
    "rows": "source_row WHERE to_run IS NULL",
    "findings": "finding WHERE to_run IS NULL AND origin IN ('row', 'merge')",
    "elders": "elder",
    "categories": "category JOIN elder USING (person_id) WHERE to_run IS NULL",
    "identifiers": "identifier WHERE to_run IS NULL",
    "changes": "outbox WHERE run_id = (SELECT max(run_id) FROM run)",
}


def command(program: Path, home: Path, today: date) -> list[str]:
    """A night of the home, without Prefect.

    Its files lie in the home's inbox and need not rest there before they count; no plan is held, since nobody is there to
    approve it.
    """
    config = home.with_name(f"{home.name}-config")
    if not config.is_dir():
        for source in (shutil.copytree(CONFIG, config) / "sources").glob("*.toml"):
            with source.open("a", encoding="utf-8") as file:
                file.write('\n[channel]\nkind = "folder"\nsettle_seconds = 0\n')
        release_every_plan(config)
    return [
        str(program), "run", "--home", str(home), "--config", str(config), "--date", today.isoformat(), "--json"
    ]  # fmt: skip


def release_every_plan(config: Path) -> None:
    """Makes the limits of a copied configuration's push brake wider than any plan."""
    rules = config / "rules.toml"
    before, named, after = rules.read_text(encoding="utf-8").partition("[push_brake]\n")
    wide = re.sub(r"(?m)^(\w*people) = .*$", r"\1 = 100000000", after.split("\n[", 1)[0])
    rules.write_text(before + named + wide + after[len(after.split("\n[", 1)[0]) :], encoding="utf-8")


def stage_seconds(home: Path) -> dict[str, float]:
    """Seconds of the last night by stage, sources together, as its ledger has them."""
    with running_server(home) as url:
        engine = sa.create_engine(url)
        query = "SELECT name, sum(seconds) FROM stage WHERE run_id = (SELECT max(run_id) FROM run) GROUP BY name"
        with engine.connect() as connection:
            found = {str(name): float(seconds) for name, seconds in connection.execute(sa.text(query))}
        engine.dispose()
    return found


def outputs(home: Path) -> dict[str, list[tuple[str | None, ...]]]:
    """What the last night left behind, as texts."""
    found: dict[str, list[tuple[str | None, ...]]] = {}
    with running_server(home) as url:
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            last = connection.execute(sa.text("SELECT max(run_id) FROM run")).scalar_one()
            for table, clause in _TABLES.items():
                texts = ", ".join(f'CAST("{column}" AS text)' for column in OUTPUTS[table])
                found[table] = [tuple(row) for row in connection.execute(sa.text(f"SELECT {texts} FROM {clause}"))]
        engine.dispose()
    files = sorted((home / "outgoing" / str(last)).glob("*.jsonl"))
    found["json_lines"] = [(line,) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return found
