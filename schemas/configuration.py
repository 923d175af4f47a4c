"""What a bureau edits, typed: sources, survivorship, rules, bureau, divisions; checked whole at start.

Every error names the file and the key. The tables of code words live in ``schemas.codes``; a source adds its own.
"""

import csv
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.channels import Channel, FolderChannel, SecretName
from schemas.codes import CATEGORIES, CODE_LISTS
from schemas.configuration_faults import Fault, FileFaults, nearest, read_model, read_table
from schemas.divisions import Division, read_division_table
from schemas.fields import FIELDS, LIFE_FIELDS, MEMBER_FIELDS, STATED_FIELDS
from schemas.findings import CATALOGUE, Finding, Severity
from schemas.identity_rules import IdentityRules, Scores, Sounds, read_variants
from schemas.operations import Operations
from schemas.push_brake import PushBrake
from schemas.rules_switches import WITHOUT_A_NUMBER, why_always_on
from schemas.survivorship import Survivorship

__all__ = [
    "Brake",
    "Configuration",
    "Division",
    "Rules",
    "Source",
    "Survivorship",
    "TableColumns",
    "load_configuration",
    "load_operations",
    "read_configuration",
]

Policy = Literal["take", "leave"]
"""Whether something that may or may not be part of a list is."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Brake(_Strict):
    """How many people a full list may lose in a night before it is held: the larger of the two limits."""

    people: Annotated[int, Field(ge=0)] = 10
    share: Annotated[float, Field(ge=0, le=1)] = 0.05
    village_people: Annotated[int, Field(ge=0)] = 3
    village_share: Annotated[float, Field(ge=0, le=1)] = 0.05


class TableColumns(_Strict):
    """One table of a delivery: the sheets it may be on, the headers its fields are known by, and how its rows are meant."""

    sheets: tuple[str, ...] = ()
    required: tuple[str, ...]
    columns: dict[str, tuple[str, ...]]
    ignored: tuple[str, ...] = ()
    same_as_above: tuple[str, ...] = ()
    sheet_name_field: str | None = None

    @model_validator(mode="after")
    def _known_fields(self) -> Self:
        unknown = [field for field in self.columns if field not in {*STATED_FIELDS, *MEMBER_FIELDS, *LIFE_FIELDS}]
        if unknown:
            raise ValueError(f"columns.{unknown[0]} is not a field of the registry")
        missing = [field for field in self.required if field not in self.columns]
        if missing:
            raise ValueError(f"required names {missing[0]}, which has no headers under columns")
        return self

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        meaning: dict[str, str] = {}
        for name, headers in [*self.columns.items(), ("ignored", self.ignored)]:
            for header in headers:
                if meaning.setdefault(header, name) != name:
                    raise ValueError(f"header {header} is both {meaning[header]} and {name}")
        return self

    @model_validator(mode="after")
    def _understandable(self) -> Self:
        for key, fields in (("same_as_above", self.same_as_above), ("sheet_name_field", (self.sheet_name_field,))):
            for name in filter(None, fields):
                if name not in self.columns:
                    raise ValueError(f"{key} names {name}, which has no headers under columns")
                if _tells_people_apart(name):
                    raise ValueError(f"{key} names {name}: what tells one person from another is never filled in")
        return self


def _tells_people_apart(field: str) -> bool:
    # The number that names the household is the same for all its members.
    numbers = {"id_number", "certificate", "phone"} if field != "elder_id_number" else {}
    return field in {"name", "birth_date"} or FIELDS[field].kind in numbers


class Source(_Strict):
    """One list of one body: how it is delivered, under which headers, and which category being on it states."""

    name: str
    label: str
    body: str
    delivers: Literal["full", "incremental"]
    full_within: Literal["source", "household_village"] = "source"
    stated_on: str
    states: str | None = None
    channel: Channel = FolderChannel()
    encoding: Literal["", "utf-8", "gb18030", "gbk", "gb2312", "utf-16-le", "utf-16-be"] = ""
    password_secret: SecretName | None = None
    hidden_rows: Policy = "take"
    hidden_sheets: Policy = "leave"
    other_sheets: Policy = "leave"
    aliases_version: Annotated[int, Field(ge=1)] = 1
    cut_off: time | None = None
    fresh_days: Annotated[int, Field(gt=0)] | None = None
    brake: Brake | None = None
    main: TableColumns
    members: TableColumns | None = None
    codes: dict[str, dict[str, str]] = {}
    empty_deletes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_people(self) -> Self:
        for field in ("name", "id_number"):
            if field not in self.main.columns:
                raise ValueError(f"main.columns has no {field}; every list needs it")
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.stated_on not in self.main.columns:
            raise ValueError(f"stated_on names {self.stated_on}, which has no headers under main.columns")
        for field in self.empty_deletes:
            if field != "*" and field not in self.main.columns:
                raise ValueError(f"empty_deletes names {field}, which has no headers under main.columns")
        if self.states is not None and self.states not in CATEGORIES:
            raise ValueError(f"states: {self.states} is not a category")
        asks_for_changes = getattr(self.channel, "increment", None) or getattr(self.channel, "mode", "") == "cursor"
        if asks_for_changes and self.delivers == "full":
            raise ValueError("delivers: a channel that asks for changes only is incremental, not full")
        for name, words in self.codes.items():
            if name not in CODE_LISTS:
                raise ValueError(f"codes.{name} is not a code list")
            for word, code in words.items():
                if code not in CODE_LISTS[name]:
                    raise ValueError(f"codes.{name}.{word}: {code} is not in the code list")
        return self


class Reading(_Strict):
    """Limits of the child process that reads one file, and of the file itself."""

    file_megabytes: Annotated[int, Field(gt=0)] = 200
    memory_megabytes: Annotated[int, Field(ge=512)] = 4096
    cpu_seconds: Annotated[int, Field(gt=0)] = 120
    wall_seconds: Annotated[int, Field(gt=0)] = 300


class Rules(_Strict):
    """Thresholds and severities a bureau may change without changing code."""

    minimum_age: Annotated[int, Field(ge=0)] = 60
    implausible_age: Annotated[int, Field(gt=60)] = 120
    incapacitated_from_level: Annotated[int, Field(ge=0, le=4)] = 1
    assessment_valid_months: Annotated[int, Field(gt=0)] = 12
    severe_levels: tuple[Literal["1", "2", "3", "4"], ...] = ("1", "2")
    severe_extended_categories: tuple[Literal["1", "2", "3", "4", "5", "6", "7"], ...] = ()
    severe_extended_levels: tuple[Literal["1", "2", "3", "4"], ...] = ("3", "4")
    unticked_contradicts: tuple[Literal["incapacitated", "severely_disabled", "family_planning_special"], ...] = ()
    ending_states: tuple[Literal["deceased", "moved_away", "in_institution", "refused"], ...] = (
        "deceased",
        "moved_away",
    )
    brake: Brake = Brake()
    push_brake: PushBrake = PushBrake()
    reading: Reading = Reading()
    severities: dict[Finding, Severity] = {}
    off: tuple[Finding, ...] = ()

    @model_validator(mode="after")
    def _nobody_unknown_gets_in(self) -> Self:
        for code, severity in self.severities.items():
            if code in WITHOUT_A_NUMBER and severity not in {Severity.REJECT, Severity.HOLD}:
                raise ValueError(f"severities.{code}: its row names nobody, so it is held: reject or hold")
        return self

    @model_validator(mode="after")
    def _may_be_off(self) -> Self:
        for code in self.off:
            if why := why_always_on(code):
                raise ValueError(f"off: {code} cannot be switched off: {why}")
        return self

    def is_on(self, finding: Finding) -> bool:
        """Whether a rule is judged at all."""
        return finding not in self.off

    def severity(self, finding: Finding) -> Severity:
        """The severity in force for a finding's code."""
        return self.severities.get(finding, CATALOGUE[finding].severity)


class Bureau(_Strict):
    """Whose registry this is, its clock, and which platform profile its changes are rendered in.

    ``target``: whether they leave as import workbooks, over the platform's interface, or by exchange tables.
    """

    name: str
    county: str
    area_codes: tuple[Annotated[str, Field(pattern=r"^0[0-9]{2,3}$")], ...] = ()
    timezone: str = "Asia/Shanghai"
    platform: str
    target: Literal["workbook", "api", "exchange"] = "workbook"
    bodies: dict[str, str]


class Configuration(_Strict):
    """Everything under the configuration folder, checked together."""

    folder: Path
    bureau: Bureau
    sources: dict[str, Source]
    survivorship: Survivorship
    rules: Rules
    identity: IdentityRules
    divisions: tuple[Division, ...]

    @cached_property
    def digest(self) -> str:
        """Version of the rules: the same for the same configuration, whatever folder it lies in."""
        text = self.model_dump_json(exclude={"folder": True, "sources": {"__all__": {"channel"}}})
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def brake(self, source: str) -> Brake:
        """The limits of a source's list: its own, else those of all."""
        return self.sources[source].brake or self.rules.brake


def load_configuration(folder: Path) -> Configuration:
    """Reads and checks a configuration folder.

    Raises:
        ConfigurationInvalid: naming the file and the key, when anything is missing, unknown or contradictory.
    """
    parts, faults = read_configuration(folder)
    if faults:
        raise FileFaults(faults)
    return Configuration(folder=folder, **parts)


def load_operations(folder: Path) -> Operations:
    """Reads ``operations.toml`` of a configuration folder; without the file everything in it has its default.

    Raises:
        ConfigurationInvalid: naming the file and the key.
    """
    path = folder / "operations.toml"
    return read_model(path, Operations) if path.is_file() else Operations()


def read_configuration(folder: Path) -> tuple[dict[str, Any], list[Fault]]:
    """What could be read of a configuration folder, by the fields of ``Configuration``, and everything that is wrong.

    Files are compared with each other as far as they could be read.
    """
    if not folder.is_dir():
        return {}, [Fault(folder, "there is no such configuration folder")]
    faults: list[Fault] = []
    parts: dict[str, Any] = {"sources": dict(_read_sources(folder / "sources", faults))}
    readers: dict[str, Callable[[], Any]] = {
        "bureau": lambda: read_model(folder / "bureau.toml", Bureau),
        "survivorship": lambda: read_model(folder / "survivorship.toml", Survivorship),
        "rules": lambda: read_model(folder / "rules.toml", Rules),
        "divisions": lambda: read_table(
            folder / "divisions.csv", lambda lines: read_division_table(csv.DictReader(lines))
        ),
    }
    for name, read in readers.items():
        with _collecting(faults):
            parts[name] = read()
    if identity := _read_identity(folder / "identity", faults):
        parts["identity"] = identity
    return parts, [*faults, *_faults_together(folder, parts)]


def _read_sources(folder: Path, faults: list[Fault]) -> Iterator[tuple[str, Source]]:
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        faults.append(Fault(folder, "no source is configured; add NAME.toml"))
    for path in paths:
        with _collecting(faults):
            yield path.stem, read_model(path, Source, name=path.stem)


def _read_identity(folder: Path, faults: list[Fault]) -> IdentityRules | None:
    parts: dict[str, Any] = {}
    with _collecting(faults):
        parts["sounds"] = read_model(folder / "sounds.toml", Sounds)
    with _collecting(faults):
        parts["variants"] = read_table(folder / "variants.csv", read_variants)
    with _collecting(faults):
        parts["scores"] = read_model(folder / "scores.toml", Scores)
    return IdentityRules(**parts) if len(parts) == 3 else None


@contextmanager
def _collecting(faults: list[Fault]) -> Iterator[None]:
    """Notes what is wrong with one file and goes on to the next."""
    try:
        yield
    except FileFaults as found:
        faults.extend(found.faults)


def _faults_together(folder: Path, parts: dict[str, Any]) -> Iterator[Fault]:
    """What one file says that another does not bear out; a file that could not be read bears out everything."""
    if (bureau := parts.get("bureau")) is not None:
        yield from _faults_of_the_bureau(folder, bureau, parts["sources"], parts.get("divisions"))
    if (survivorship := parts.get("survivorship")) is not None:
        sources = [path.stem for path in (folder / "sources").glob("*.toml")]
        orders = {field: survivorship.order(field) for field in survivorship.fields}
        for field, order in {"otherwise": survivorship.otherwise, **orders}.items():
            for name in order:
                if name not in sources:
                    yield Fault(folder / "survivorship.toml", f"{name} is not a source{nearest(name, sources)}", field)


def _faults_of_the_bureau(
    folder: Path, bureau: Bureau, sources: dict[str, Source], divisions: tuple[Division, ...] | None
) -> Iterator[Fault]:
    path = folder / "bureau.toml"
    if divisions is not None and not any(
        division.level == 3 and division.name == bureau.county for division in divisions
    ):
        yield Fault(path, f"{bureau.county} is not in divisions.csv", "county")
    for source in sources.values():
        if source.body not in bureau.bodies:
            words = f"{source.body} is not in bureau.toml{nearest(source.body, list(bureau.bodies))}"
            yield Fault(folder / "sources" / f"{source.name}.toml", words, "body")
    if not (folder / "platform" / f"{bureau.platform}.toml").is_file():
        yield Fault(path, f"there is no platform/{bureau.platform}.toml", "platform")
