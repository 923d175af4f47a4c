"""Adding a rule takes its code and words, one declaration, and nothing else: it is judged, listed, versioned and documented."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

CODE = '    PHONE_OF_CONTACT = "phone-of-contact"\n'
WORDS = """\
    FindingRule(_F.PHONE_OF_CONTACT, _S.WARN, "person", "sender", "联系电话与紧急联系人相同",
        "联系电话与紧急联系人电话是同一个号码，紧急时可能找不到人。", "请补填紧急联系人本人的电话。", "两个不同的号码"),
"""
CHECK = """\
def _is_that_of_the_contact(facts: RowFacts, field: str) -> "Mask":
    return same(facts.rows[field], facts.rows["emergency_contact_phone"])


"""
DECLARATION = '    Rule(_F.PHONE_OF_CONTACT, Stage.ROW, ("phone",), _is_that_of_the_contact, shown="masked"),\n'

JUDGE = """
import json
from made_up_rows import CONFIGURATION, found, judged
from flows.accounts.rules_list import rule_lines
from scripts.write_reference import render_findings
row = {"name": "张玉梅", "id_number": "44142119400506121X", "household_village": "大黄村", "categories": "独居"}
told = judged([row | {"phone": "13900001111", "emergency_contact_phone": "13900001111"}, row | {"phone": "13900001111"}])
off = CONFIGURATION.rules.model_copy(update={"off": ("phone-of-contact",)})
silent = judged([row | {"phone": "13900001111", "emergency_contact_phone": "13900001111"}], rules=off)
line = next(line for line in rule_lines(CONFIGURATION, None) if line["code"] == "phone-of-contact")
print(json.dumps({
    "found": [list(each) for each in sorted(found(told)) if each[1] == "phone-of-contact"],
    "seen": told.findings.query("code == 'phone-of-contact'")["seen"].tolist(),
    "off": [code for code in silent.findings["code"] if code == "phone-of-contact"], "line": line,
    "documented": "| `phone-of-contact` |" in render_findings(),
}))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What a copy of the project says that was given the rule."""
    copy = tmp_path_factory.mktemp("project")
    for room in ("schemas", "transforms", "connectors", "registry", "reports", "flows", "scripts", "config"):
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    helpers = copy / "tests/unit/transforms"
    helpers.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("made_up_rows.py"), helpers)
    put(copy / "schemas/findings.py", CODE, before='    CODE_UNKNOWN = "code-unknown"\n')
    put(copy / "schemas/findings.py", WORDS, before="    FindingRule(_F.CODE_UNKNOWN,")
    put(copy / "schemas/rules_cells.py", CHECK, before="_DATES, _AMOUNTS")
    put(copy / "schemas/rules_cells.py", DECLARATION, before="    Rule(_F.ADDRESS_MISSING,")
    put(copy / "schemas/rules_cells.py", "RowFacts, same", instead="RowFacts\n")
    answer = subprocess.run(
        [sys.executable, "-c", JUDGE],
        cwd=copy,
        env={"PYTHONPATH": f"{copy}:{helpers}"},
        capture_output=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr.decode()
    return json.loads(answer.stdout)


def put(file: Path, text: str, *, before: str = "", instead: str = "") -> None:
    content = file.read_text(encoding="utf-8")
    assert content.count(before or f"import {instead}") == 1
    changed = (
        content.replace(before, text + before) if before else content.replace(f"import {instead}", f"import {text}\n")
    )
    file.write_text(changed, encoding="utf-8")


def test_it_is_judged_where_it_is_broken_and_nowhere_else(told):
    assert told["found"] == [[0, "phone-of-contact", "phone"]]
    assert told["seen"] == ["139****1111"]


def test_it_can_be_switched_off(told):
    assert told["off"] == []


def test_it_is_listed_with_words_and_a_version(told):
    assert told["line"]["stage"] == "核对本行各项"
    assert told["line"]["severity"] == "提醒"
    assert len(told["line"]["version"]) == 8


def test_it_is_documented(told):
    assert told["documented"]
