"""What the tests of undo, time travel and rebuilding share: a bureau that is asked what it holds, to the byte."""

import csv
from datetime import date
from pathlib import Path
from typing import Any

from nights import Bureau

from flows.accounts.export import export_elders, export_findings
from flows.cli import call
from flows.memory.undo import Undoing, retake_lists, undo_run
from flows.people.at_rest import Decider

__all__ = ["MemoryBureau"]

WANG = Decider("王芳", "名单有误，已与来源单位核实")


class MemoryBureau(Bureau):
    """A bureau that takes nights back; whoever decides is Wang."""

    def ask(self, command: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
        """What a command finds; its arguments but for home and configuration."""
        with self.environment():
            found: dict[str, Any] = command(self.home, self.config, *arguments, **named)
        return found

    def undo(self, run_id: int, *, write: bool = True, with_later: bool = False) -> dict[str, Any]:
        return self.ask(undo_run, Undoing(run_id, with_later=with_later), WANG, write=write)

    def retake(self, run_id: int, source: str | None = None) -> dict[str, Any]:
        return self.ask(retake_lists, run_id, source, WANG)

    def exported(self, at: date | None = None) -> bytes:
        """The registry as the office gets it, unmasked."""
        path = self.home.parent / "exported.csv"
        self.ask(export_elders, path, at=at, unmasked=True, reason="核对")
        return path.read_bytes()

    def open_findings(self, run_id: int) -> list[tuple[str, ...]]:
        """Findings that stand after a run as they are exported, but for the number of the run."""
        path = self.home.parent / "findings.csv"
        self.ask(export_findings, run_id, path)
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        return [tuple(value for name, value in row.items() if name != "run_id") for row in rows]

    def held(self, run_id: int) -> dict[str, Any]:
        """Everything the registry says after a run: elders to the byte, rows with what they came to, findings, statements."""
        rows = "SELECT row_id, outcome, is_held, id_key FROM source_row WHERE to_run IS NULL ORDER BY row_id"
        members = "SELECT row_id, outcome FROM member_row WHERE to_run IS NULL ORDER BY row_id"
        provenance = "SELECT person_id, row_ids, winners, carried FROM elder WHERE status = 'active' ORDER BY person_id"
        categories = (
            "SELECT person_id, category, source, evidence, row_id, from_date FROM category WHERE to_run IS NULL "
            "ORDER BY 1, 2, 3, 4"
        )
        identifiers = "SELECT person_id, kind, value FROM identifier WHERE to_run IS NULL ORDER BY 1, 2, 3"
        cases = "SELECT case_id, subject, evidence FROM identity_case WHERE to_run IS NULL ORDER BY 1"
        states = "SELECT person_id, state, source, from_date, evidence FROM elder_state WHERE to_run IS NULL ORDER BY 1, 2, 3"
        queries = (rows, members, provenance, categories, identifiers, cases, states)
        return {
            "elders": self.exported(),
            "findings": self.open_findings(run_id),
            **{query: self.query(query) for query in queries},
        }

    def command(self, *arguments: str | Path) -> int:
        """The exit code of a command line of this bureau."""
        with self.environment():
            return call([*map(str, arguments), "--home", str(self.home), "--config", str(self.config)])
