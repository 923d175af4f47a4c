"""A configuration folder of a test's own, changed line by line."""

import shutil
from collections.abc import Callable
from pathlib import Path

from flows.settings.installation import check_installation
from schemas.configuration import load_configuration

SHIPPED = Path(__file__).resolve().parents[3] / "config"


class Folder:
    """A home and a copy of the shipped configuration."""

    def __init__(self, place: Path) -> None:
        self.home, self.config = place / "home", place / "config"
        (self.home / "secrets").mkdir(mode=0o700, parents=True)
        shutil.copytree(SHIPPED, self.config)
        for path in [self.config, *self.config.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)

    def edit(self, file: str, old: str, new: str) -> None:
        """Writes something instead of the first place where a text stands."""
        path = self.config / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def add(self, file: str, text: str) -> None:
        """Adds lines at the end."""
        with (self.config / file).open("a", encoding="utf-8") as opened:
            opened.write(f"\n{text}\n")

    def secret(self, name: str, text: str, mode: int = 0o600) -> None:
        """Puts a secret into the store."""
        path = self.home / "secrets" / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    def is_production(self, *hosts: str) -> None:
        """From now on this is a production installation that knows these hosts as real ones."""
        self.edit("operations.toml", 'installation = "test"', 'installation = "production"')
        self.knows(*hosts)

    def knows(self, *hosts: str) -> None:
        """Lists hosts as real."""
        listed = ", ".join(f'"{host}"' for host in hosts)
        self.edit("operations.toml", "production_hosts = []", f"production_hosts = [{listed}]")

    def real_profile(self, url: str, environment: str = "production") -> None:
        """Makes the profile one of a real platform at an address, told over its interface."""
        self.edit("platform/example.toml", "is_example = true", "is_example = false")
        self.edit("platform/example.toml", 'environment = "test"', f'environment = "{environment}"')
        self.edit("platform/example.toml", 'url = "http://127.0.0.1:8640"', f'url = "{url}"')
        self.edit("bureau.toml", 'target = "workbook"', 'target = "api"')

    def check(self) -> None:
        """What every start does first."""
        check_installation(self.home, load_configuration(self.config))


Change = Callable[[Folder], object]
