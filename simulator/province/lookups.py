"""What the platform tells when it is asked: people by number, everyone page by page, and what became of receipts."""

from typing import Any

from simulator.province.behaviour import Behaviour, Endpoint
from simulator.province.items import ItemAnswer
from simulator.province.ledger import Ledger
from simulator.province.ledger_view import Holding

__all__ = ["LookupRefused", "Lookups"]


class LookupRefused(Exception):
    """A question that cannot be answered; the words for its sender quote nothing of it."""


class Lookups:
    """Answers questions from the ledger. Questions come in bodies: an address would end up in logs."""

    def __init__(self, ledger: Ledger, behaviour: Behaviour) -> None:
        self._ledger, self._view, self._most = ledger, ledger.view, behaviour.largest_page

    def answer(self, endpoint: Endpoint, question: Any) -> dict[str, Any]:
        """The data of an answer.

        Raises:
            LookupRefused: the question is none.
        """
        if not isinstance(question, dict):
            raise LookupRefused("请求报文不是对象")
        match endpoint:
            case Endpoint.QUERY:
                return self._people(question)
            case Endpoint.LIST:
                return self._page(question)
            case _:
                return self._receipts(question)

    def _people(self, question: dict[str, Any]) -> dict[str, Any]:
        persons, id_numbers = self._texts(question, "persons"), self._texts(question, "id_numbers")
        if not persons and not id_numbers:
            raise LookupRefused("缺少 persons 或 id_numbers")
        return {"records": list(map(_record, self._view.found(persons=persons, id_numbers=id_numbers)))}

    def _page(self, question: dict[str, Any]) -> dict[str, Any]:
        number, size = question.get("page", 1), question.get("size", 100)
        state = question.get("state", "present")
        if not (_is_count(number) and _is_count(size)) or state not in {"present", "withdrawn"}:
            raise LookupRefused("page、size 应为正整数，state 应为 present 或 withdrawn")
        size = min(size, self._most)
        page = self._view.page(number, size, is_present=state == "present")
        return {"total": page.total, "page": number, "size": size, "records": list(map(_record, page.holdings))}

    def _receipts(self, question: dict[str, Any]) -> dict[str, Any]:
        wanted = self._texts(question, "receipts")
        if not wanted:
            raise LookupRefused("缺少 receipts")
        given = {answer.receipt: answer for answer in self._ledger.receipts(wanted)}
        items = [given.get(receipt) or ItemAnswer("", "unknown", receipt, "2006", "回执不存在") for receipt in wanted]
        return {"items": [item._asdict() for item in items]}

    def _texts(self, question: dict[str, Any], name: str) -> list[str]:
        given = question.get(name, [])
        if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
            raise LookupRefused(f"{name} 应为文本数组")
        if len(given) > self._most:
            raise LookupRefused(f"{name} 一次最多 {self._most} 个")
        return given


def _record(holding: Holding) -> dict[str, Any]:
    return {
        "person": holding.person,
        "revision": holding.revision,
        "state": "present" if holding.is_present else "withdrawn",
        "receipt": holding.receipt,
        "fields": holding.fields,
    }


def _is_count(given: Any) -> bool:
    return type(given) is int and 0 < given < 1 << 31
