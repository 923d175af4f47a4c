"""A page of the report site: one file that loads nothing, and runs only the script it was written with.

What a page says is its own module's business; how pages are put together, and what a browser is told to refuse, is here.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports.page_words import SEVERITY_WORDS, STATUS_WORDS
from schemas.durable import replace_file

__all__ = ["LIST_SCRIPTS", "TABLE_SCRIPTS", "page_environment", "write_page"]

_TEMPLATES = Path(__file__).with_name("templates")

TABLE_SCRIPTS = ("xlsx.js", "tables.js")
"""Scripts of a page with tables: they sort, and leave as workbooks."""
LIST_SCRIPTS = (*TABLE_SCRIPTS, "findings.js")
"""Scripts of a page with a list of findings."""


@cache
def page_environment() -> Environment:
    """Templates whose values are escaped, always."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["n"] = lambda number: f"{number:,}"
    environment.filters["percent"] = percent
    environment.globals.update(status_words=STATUS_WORDS, severities=SEVERITY_WORDS)
    return environment


def percent(share: float | None) -> str:
    """A share as officers read it; nothing where there was nothing to measure.

    >>> percent(0.98765), percent(1.0), percent(None)
    ('98.8%', '100.0%', '—')
    """
    return "—" if share is None else f"{100 * share:.1f}%"


def write_page(path: Path, template: str, values: Mapping[str, Any], scripts: Sequence[str] = TABLE_SCRIPTS) -> Path:
    """Writes a page whole or not at all, mode 0600; letters that no text may hold are replaced."""
    script = "\n".join(_part(name) for name in scripts)
    html = (
        page_environment()
        .get_template(template)
        .render(
            **values,
            style=_part("site.css"),
            script=script,
            # With a hash present, browsers ignore 'unsafe-inline' for scripts: only this very script runs.
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
        )
    )
    with replace_file(path) as temporary:
        temporary.write_text(html, encoding="utf-8", errors="replace")
    return path


@cache
def _part(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
