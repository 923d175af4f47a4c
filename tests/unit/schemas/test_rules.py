"""Rules are declared once: every code, in the order of its stages, with parameters, versions, switches and words that fit."""

import hashlib
import importlib
import inspect
import json
import pkgutil
from ast import parse, unparse
from functools import partial
from pathlib import Path
from textwrap import dedent

import pytest
from pydantic import ValidationError

from schemas.configuration import Rules
from schemas.fields import FIELDS
from schemas.findings import ID_NUMBER_JUDGED_IN_ORDER, Finding, Severity
from schemas.rules_catalogue import MEMBER_RULES, ROW_RULES, RULES, form_of, parameters_in_force, rule_version
from schemas.rules_declared import STAGE_WORDS, Rule, Stage
from schemas.rules_switches import why_always_on
from schemas.rules_words import PARAMETER_WORDS, SEVERITY_WORDS, in_words

ROOT = Path(__file__).resolve().parents[3]
CHECKS = Path(__file__).with_name("rule_checks.json")


def test_every_code_is_declared_once():
    assert set(RULES) == set(Finding)
    declared = [rule.code for rule in (*ROW_RULES, *MEMBER_RULES)]
    assert len(declared) == len(set(declared))


@pytest.mark.parametrize("rules", [ROW_RULES, MEMBER_RULES], ids=["rows", "members"])
def test_rules_are_judged_stage_after_stage(rules):
    stages = [list(Stage).index(rule.stage) for rule in rules]
    assert stages == sorted(stages)


def test_an_id_numbers_own_faults_are_cells_rules_in_their_order():
    own = [rule.code for rule in ROW_RULES if rule.code in ID_NUMBER_JUDGED_IN_ORDER]
    assert tuple(own) == ID_NUMBER_JUDGED_IN_ORDER


def judged_in(rule: Rule) -> str:
    """The text of the module, or of all modules of the package, in which a rule is said to be judged."""
    module = importlib.import_module(rule.judged_in)
    names = [each.name for each in pkgutil.walk_packages(getattr(module, "__path__", []), f"{rule.judged_in}.")]
    paths = [ROOT / f"{name.replace('.', '/')}.py" for name in names] + [Path(module.__file__)]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths if path.is_file())


@pytest.mark.parametrize("code", RULES)
def test_a_rule_has_a_check_or_is_judged_where_it_says(code):
    rule = RULES[code]
    assert rule.check or rule.judged_in
    if rule.judged_in:
        assert f"Finding.{code.name}" in judged_in(rule)


@pytest.mark.parametrize("code", RULES)
def test_a_rule_names_fields_and_parameters_that_exist_and_have_words(code):
    rule = RULES[code]
    assert set(rule.fields) <= set(FIELDS)
    assert set(parameters_in_force(code, Rules())) == set(rule.parameters) <= set(PARAMETER_WORDS)
    assert in_words(parameters_in_force(code, Rules())).count("：") == len(rule.parameters)


def test_stages_and_severities_have_words():
    assert set(STAGE_WORDS) == set(Stage)
    assert set(SEVERITY_WORDS) == set(Severity)


@pytest.mark.parametrize("field", [name for name, field in FIELDS.items() if field.kind in {"date", "fen", "code"}])
def test_every_field_that_is_read_has_a_form_unless_it_is_ours(field):
    assert form_of(field) or field in {"status"}


def test_a_version_is_the_same_until_something_of_the_rule_changes():
    code, rules = Finding.AGE_UNDER_SIXTY, Rules()
    version = rule_version(code, rules)
    assert version == rule_version(code, Rules(implausible_age=110, severities={Finding.PHONE_FORMAT: Severity.NOTE}))
    others = [Rules(minimum_age=65), Rules(severities={code: Severity.HOLD}), Rules(off=(code,))]
    assert len({version, *(rule_version(code, other) for other in others)}) == 4


def test_versions_tell_rules_apart_and_are_short():
    versions = [rule_version(code, Rules()) for code in RULES]
    assert len(set(versions)) == len(RULES)
    assert all(len(version) == 8 for version in versions)


def digest_of_check(rule: Rule) -> str:
    """A digest of what a check does, whatever is written about it."""
    check = rule.check.func if isinstance(rule.check, partial) else rule.check
    function = parse(dedent(inspect.getsource(check))).body[0]
    if inspect.getdoc(check):
        function.body = function.body[1:]
    return hashlib.sha256(unparse(function).encode()).hexdigest()[:12]


def test_a_check_that_is_changed_has_another_version():
    """Where it finds something else, raise ``version`` in its declaration; then write the digest said here into the file."""
    kept = json.loads(CHECKS.read_text(encoding="utf-8"))
    now = {str(code): [rule.version, digest_of_check(rule)] for code, rule in RULES.items() if rule.check}
    assert {code: said for code, said in now.items() if kept.get(code) != said} == {}


@pytest.mark.parametrize("code", [code for code in Finding if why_always_on(code)])
def test_a_rule_that_cannot_be_off_says_why(code):
    with pytest.raises(ValidationError, match=f"off: {code} cannot be switched off: it "):
        Rules(off=(code,))


@pytest.mark.parametrize("code", [code for code in Finding if not why_always_on(code)])
def test_any_other_rule_can_be_off(code):
    assert not Rules(off=(code,)).is_on(code)


@pytest.mark.parametrize("code", [*ID_NUMBER_JUDGED_IN_ORDER, Finding.ID_TYPE_UNSUPPORTED])
def test_a_row_that_names_nobody_is_held_whatever_the_severity(code):
    assert Rules(severities={code: Severity.HOLD}).severity(code) is Severity.HOLD
    with pytest.raises(ValidationError, match="names nobody"):
        Rules(severities={code: Severity.WARN})
