"""What a reader reads agrees with the program: generated pages are current, nothing is left out, links lead somewhere."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from flows.cli import app
from schemas.channel_rest import RestChannel
from schemas.channels import DatabaseChannel, FolderChannel, SftpChannel
from schemas.codes import CODE_LISTS
from schemas.configuration import (
    Brake,
    Bureau,
    Division,
    Reading,
    Rules,
    Source,
    Survivorship,
    TableColumns,
    load_configuration,
)
from schemas.fields import FIELDS
from schemas.findings import CATALOGUE
from schemas.identity_rules import Scores, ScoreTable, Sounds, Weights
from schemas.operations import Backup, Notify, Operations, Retention, Server, Watch
from schemas.platform_api import ApiFormat
from schemas.platform_api_parts import (
    AnswerNames,
    ApiPaths,
    Condition,
    ListingNames,
    LookupNames,
    ReceiptNames,
    RecordNames,
    RequestNames,
    Signing,
)
from schemas.platform_exchange import ExchangeControl, ExchangeFormat, ExchangeOperations, ExchangeStatuses
from schemas.platform_profile import PlatformColumn, PlatformProfile, PlatformReason, PlatformWorkbook
from schemas.platform_receipts import FeedbackPattern, ReceiptHeaders, ReceiptsFormat
from schemas.platform_reconcile import ReconcileFormat
from schemas.push_brake import PushBrake
from scripts.write_reference import render_data_dictionary, render_findings, render_headers, render_house, with_part

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
COMMANDS = [name for name in app if not name.startswith("-")]
MODELS = (
    Bureau, Source, TableColumns, Rules, Brake, Reading, Survivorship, Division, PlatformProfile, PlatformWorkbook,
    PlatformColumn, FolderChannel, SftpChannel, DatabaseChannel, RestChannel, PushBrake,
    Scores, ScoreTable, Sounds, Weights,
)  # fmt: skip
TABLES: dict[str, type[BaseModel]] = {
    "[reasons.CODE]": PlatformReason, "[receipts]": ReceiptsFormat, "[receipts.headers]": ReceiptHeaders,
    "[[receipts.feedback]]": FeedbackPattern, "[api]": ApiFormat, "[api.paths]": ApiPaths, "[api.signing]": Signing,
    "[api.request]": RequestNames, "[api.answer]": AnswerNames, "[[api.answer.success]]": Condition,
    "[api.record]": RecordNames, "[api.lookup]": LookupNames, "[api.listing]": ListingNames,
    "[api.receipts]": ReceiptNames, "[exchange]": ExchangeFormat, "[exchange.control]": ExchangeControl,
    "[exchange.operations]": ExchangeOperations, "[exchange.statuses]": ExchangeStatuses,
    "[reconcile]": ReconcileFormat, "operations.toml": Operations, "[server]": Server, "[notify]": Notify, "[watch]": Watch,
    "[retention]": Retention, "[backup]": Backup,
}  # fmt: skip
"""Parts of a profile and of operations.toml, each with a table of its own, since many of their keys have the same name."""


def text_of(*names: str) -> str:
    return "\n".join((ROOT / name).read_text(encoding="utf-8") for name in names)


def test_the_data_dictionary_is_what_the_fields_say():
    assert text_of("docs/data-dictionary.md") == render_data_dictionary()


def test_the_page_of_findings_is_what_the_catalogue_says():
    assert text_of("docs/findings.md") == render_findings()


def test_senders_read_the_headers_that_are_configured():
    page = text_of("docs/senders.md")
    assert with_part(page, render_headers(load_configuration(ROOT / "config"))) == page


def test_the_drawn_house_is_the_one_on_the_disk():
    page = text_of("docs/architecture.md")
    assert with_part(page, render_house()) == page


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_finding_has_one_line(code):
    assert len(re.findall(rf"^\| `{code}` \|", text_of("docs/findings.md"), re.MULTILINE)) == 1


@pytest.mark.parametrize("page", ["README.md", "docs/operators.md"])
def test_every_command_is_named(page):
    assert [name for name in COMMANDS if f"eldersync {name}" not in text_of(page)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_a_command_that_does_not_exist(page):
    code = re.findall(r"```.*?```|`[^`\n]+`", page.read_text(encoding="utf-8"), re.DOTALL)
    named = {name for part in code for name in re.findall(r"\beldersync ([a-z][a-z-]*)(?![\w./-])", part)}
    assert named <= set(COMMANDS)


def test_every_exit_code_is_explained():
    table = text_of("README.md").split("| exit code |")[1]
    assert re.findall(r"^\| (\d) \|", table, re.MULTILINE) == ["0", "1", "2", "3", "4"]


def test_the_glossary_pairs_every_field_with_its_label():
    glossary = text_of("docs/glossary.md")
    assert [name for name, field in FIELDS.items() if f"| {field.label} | `{name}` |" not in glossary] == []


@pytest.mark.parametrize(("heading", "words"), [
    ("## Categories", set(CODE_LISTS["category"])),
    ("## Stages", {"receive", "take", "merge", "plan", "push", "report"}),
    ("## Statuses", {
        "green", "yellow", "red", "running", "absent", "done", "failed", "received", "accepted", "held", "refused",
        "superseded", "admitted", "duplicate", "linked", "new", "changed", "unchanged", "withdrawn", "pending", "sent",
        "planned", "rejected", "unknown", "waiting", "inflight", "processing", "released", "told", "reject", "hold", "warn",
        "note",
    }),
], ids=["categories", "stages", "statuses"])  # fmt: skip
def test_the_glossary_has_every_word(heading, words):
    section = text_of("docs/glossary.md").split(f"{heading}\n")[1].split("\n## ")[0]
    assert words <= set(re.findall(r"`(\w+)`", section))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_of_the_configuration_is_explained(model: type[BaseModel]):
    known = set(re.findall(r"`\[?(?:workbook\.)?(\w+)\]?`", text_of("docs/configuration.md")))
    assert [key for key in model.model_fields if key not in known] == []


@pytest.mark.parametrize("section", TABLES)
def test_every_key_of_a_part_is_in_its_table(section: str):
    table = text_of("docs/configuration.md").split(f"\n| `{section}` |")[1].split("\n\n")[0]
    first_cells = [row.split(" | ")[0] for row in table.splitlines()[2:]]
    explained = [key for cell in first_cells for key in re.findall(r"`(\w+)`", cell)]
    assert sorted(explained) == sorted(TABLES[section].model_fields)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        if "://" in path:
            continue
        file = (page.parent / path).resolve() if path else page
        if not file.is_file() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def anchors(page: Path) -> set[str]:
    """Headings as a forge links to them: lower case, signs gone, blanks as hyphens."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_decision_is_in_the_list():
    folder = ROOT / "docs/decisions"
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert listed == sorted(path.name for path in folder.glob("0*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_shows_a_whole_id_number(page):
    assert re.findall(r"(?<![\d*])[1-9]\d{16}[\dX](?![\d])", page.read_text(encoding="utf-8")) == []
