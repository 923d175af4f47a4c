"""A Prefect server of the tests' own, its commands and its API."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Prefect:
    """A Prefect server of its own: the home its files lie in, and the environment of whoever works with it."""

    home: Path
    environment: dict[str, str]

    def command(self, *arguments: str, **environment: str) -> str:
        """A command of Prefect's that succeeds."""
        done = subprocess.run(
            [str(Path(sys.executable).with_name("prefect")), "--no-prompt", *arguments],
            env={**self.environment, **environment}, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, path: str, question: dict[str, Any] | None = None) -> Any:
        """What the server's API answers to a question posted to it."""
        return self._answer("POST", path, question or {})

    def patch(self, path: str, change: dict[str, Any]) -> None:
        """Changes something the server holds."""
        self._answer("PATCH", path, change)

    def _answer(self, method: str, path: str, body: dict[str, Any]) -> Any:
        request = urllib.request.Request(  # noqa: S310  our own loopback address
            f"{self.environment['PREFECT_API_URL']}/{path}", method=method,
            data=json.dumps(body).encode(), headers={"Content-Type": "application/json"},
        )  # fmt: skip
        until = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(request, timeout=90) as answer:  # noqa: S310
                    return json.loads(answer.read() or "null")
            except urllib.error.HTTPError as error:  # its SQLite is busy for a moment
                if error.code != 503 or time.monotonic() > until:
                    raise
            time.sleep(0.5)
