"""How an answer is wrapped: the five shapes in which platforms say that something went well."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from simulator.province.behaviour import EnvelopeName

__all__ = ["failure", "success"]

_DONE = "操作成功"

_SUCCESS: Mapping[EnvelopeName, Callable[[Any], dict[str, Any]]] = MappingProxyType(
    {
        "code-200": lambda data: {"code": 200, "msg": _DONE, "data": data},
        "code-0": lambda data: {"code": 0, "msg": _DONE, "data": data},
        "code-text-0": lambda data: {"code": "0", "msg": _DONE, "data": data},
        "status-1": lambda data: {"status": 1, "message": _DONE, "data": data},
        "double-code": lambda data: {"code": "0", "msg": "", "data": {"code": 0, "msg": _DONE, "data": data}},
    }
)


def success(name: EnvelopeName, data: Any) -> dict[str, Any]:
    """An answer that says it went well."""
    return _SUCCESS[name](data)


def failure(name: EnvelopeName, code: int, words: str) -> dict[str, Any]:
    """An answer that says it did not; with double codes the outer one still says it did, as gateways do."""
    match name:
        case "status-1":
            return {"status": 0, "message": words, "code": code, "data": None}
        case "double-code":
            return {"code": "0", "msg": "", "data": {"code": code, "msg": words, "data": None}}
        case "code-text-0":
            return {"code": str(code), "msg": words, "data": None}
        case _:
            return {"code": code, "msg": words, "data": None}
