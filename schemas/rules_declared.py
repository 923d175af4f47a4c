"""What a declaration of a rule says: when it is judged, on which fields, by which check, with which parameters.

The declarations themselves are in the modules ``rules_*`` beside this one, by subject; ``rules_catalogue`` has them all.
The words officers read of each are in ``schemas.findings``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from schemas.findings import Finding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Days = NDArray[np.datetime64]

__all__ = ["STAGE_WORDS", "Check", "Form", "Rule", "Shown", "Stage", "Turns"]


class Stage(StrEnum):
    """When a rule is judged, in this order. A later stage sees what the earlier ones left, and hides nothing of theirs."""

    FILE = "file"  # the file, its header and its lines
    PARSE = "parse"  # whether a cell can be read at all; a value comes out of it, or a finding
    CELL = "cell"  # what was read, by itself
    ROW = "row"  # beside other cells of its row
    ROWS = "rows"  # beside other rows of its list
    SOURCES = "sources"  # beside what other lists say of the person
    REGISTRY = "registry"  # beside what the registry had
    PUSH = "push"  # what the platform answered


STAGE_WORDS: MappingProxyType[str, str] = MappingProxyType(
    {
        Stage.FILE: "读取文件", Stage.PARSE: "识别单元格", Stage.CELL: "核对单元格", Stage.ROW: "核对本行各项",
        Stage.ROWS: "核对同一名单各行", Stage.SOURCES: "核对各单位名单", Stage.REGISTRY: "与登记库比较", Stage.PUSH: "推送省平台",
    }
)  # fmt: skip
"""What officers read for each stage."""

Check = Callable[[Any, str], "Mask"]
"""Which rows of a table are wrong in a field: given what is known of the table (``rules_facts``) and the field's name."""

Turns = Callable[[Any], "Days"]
"""For each row the day on which a rule may judge it otherwise though nothing of it changed; NaT where there is none."""

Shown = Literal["nothing", "as_it_is", "label", "masked"]
"""How much of the cell a finding shows: nothing, the standard value, the word of its code, or the cell masked."""


@dataclass(frozen=True, slots=True)
class Form:
    """What every value of a field looks like once it has been read: one of some words, a pattern, or what a function says.

    It holds of every admitted row and of every elder; where it does not, the fault is ours (``schemas.models``).
    """

    choices: tuple[str, ...] = ()
    pattern: str = ""
    holds: Callable[[pd.Series], pd.Series] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, declared once. Judging, the models between stages, ``eldersync rules`` and the pages of rules read it.

    ``check`` judges rows of a table; a rule without one is judged where its evidence is made, in the module ``judged_in``.
    ``parameters`` are keys of ``rules.toml``. ``version`` is raised whenever the rule finds something else than before.
    """

    code: Finding
    stage: Stage
    fields: tuple[str, ...] = ()  # on which it is found, each for itself; none where it is about a file or a person
    check: Check | None = None
    parameters: tuple[str, ...] = ()
    turns_on: Turns | None = None
    shown: Shown = "nothing"
    forms: tuple[tuple[str, Form], ...] = ()  # of fields
    judged_in: str = ""
    version: int = 1
