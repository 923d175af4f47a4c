"""The house keeps its own rules: names are ours alone, Prefect finds what it runs, clock and environment stay upstairs."""

import ast
import importlib.util
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

from schemas.findings import CATALOGUE, Finding

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("schemas", "transforms", "connectors", "registry", "reports", "flows", "simulator")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
SHIPPED_NAMES = {path.stem for path in MODULES} - {"__init__"} | set(ROOMS)


def test_no_module_is_named_like_one_of_the_standard_library_or_of_another_package() -> None:
    others = {name for name, owners in packages_distributions().items() if owners != ["eldersync"]}
    assert sorted(SHIPPED_NAMES & (sys.stdlib_module_names | others)) == []


def test_every_room_says_what_belongs_in_it() -> None:
    for room in ROOMS:
        assert ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text(encoding="utf-8")))


def test_entrypoints_are_dotted_names_of_functions_that_are_there() -> None:
    # With a path before a colon Prefect loads a second copy of every class.
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    assert deployments
    for deployment in deployments:
        assert ":" not in deployment["entrypoint"]
        module, _, function = deployment["entrypoint"].rpartition(".")
        found = importlib.util.find_spec(module)
        assert found is not None
        assert found.origin is not None
        tree = ast.parse(Path(found.origin).read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_a_deployment_is_handed_no_parameters_and_runs_once_at_a_time() -> None:
    for deployment in yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]:
        assert deployment["parameters"] == {}
        assert deployment["concurrency_limit"]["limit"] == 1
        assert {schedule["timezone"] for schedule in deployment["schedules"]} <= {"Asia/Shanghai"}


def asks_clock_or_environment(node: ast.AST) -> bool:
    """Whether an expression is ``os.environ``, ``os.getenv``, or a call of ``….now`` or ``….today``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in {"now", "utcnow", "today"}
    is_of_os = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
    return is_of_os and node.attr in {"environ", "getenv"}


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "flows"])
def test_only_flows_asks_the_clock_and_the_environment(room: str) -> None:
    asking = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in MODULES
        if path.is_relative_to(ROOT / room)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if asks_clock_or_environment(node)
    ]
    assert asking == []


def test_every_finding_code_has_a_label_and_says_what_to_do() -> None:
    assert set(CATALOGUE) == set(Finding)
    for code, rule in CATALOGUE.items():
        assert rule.code is code
        assert all([rule.label, rule.meaning, rule.expected, rule.remedy, rule.owner])
