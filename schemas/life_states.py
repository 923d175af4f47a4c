"""Dated states of a person: who may say so, and why one holds no longer. The states themselves are the code list ``life_status``."""

from enum import StrEnum
from types import MappingProxyType

__all__ = ["LIFE_END_LABELS", "LifeEnd", "LifeEvidence"]


class LifeEvidence(StrEnum):
    """What a state rests on: a row of a source, or a person's decision."""

    LIST = "list"
    DECISION = "decision"


class LifeEnd(StrEnum):
    """Why a state ended."""

    SAID_OTHERWISE = "said-otherwise"
    DECIDED = "decided"
    TAKEN_BACK = "taken-back"
    UNDONE = "undone"


LIFE_END_LABELS = MappingProxyType(
    {
        LifeEnd.SAID_OTHERWISE: "同一来源已改报",
        LifeEnd.DECIDED: "已有人工核定",
        LifeEnd.TAKEN_BACK: "人工核定已撤回",
        LifeEnd.UNDONE: "有关运行已撤销",
    }
)
