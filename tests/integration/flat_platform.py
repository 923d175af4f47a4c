"""A small platform of the second example's kind: flat items, the RIO signature, double codes, people by ID number. In memory."""

import hashlib
import json
from typing import Any

from rest_server import Asked, Reply

__all__ = ["FlatPlatform"]

TOKEN = "made-up-token"
_BASE = "/ebus/tsknlnr/elderly"
_MEMBERS = {"bizId", "verNo", "optType"}


class FlatPlatform:
    """Answers requests, and keeps what it was told. ``refuses``: how many requests to refuse at the gate yet."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, dict[str, Any]] = {}
        self.nonces: list[str] = []
        self.refuses = 0

    def __call__(self, asked: Asked) -> Reply:
        if not self._lets_in(asked):
            return Reply(500, json.dumps({"code": 400001, "msg": "鉴权失败，鉴权信息有误。"}).encode())
        if self.refuses:
            self.refuses -= 1
            return Reply(401, b"")
        return self._answer(asked.path.removeprefix(_BASE), asked.document)

    def _answer(self, path: str, document: dict[str, Any]) -> Reply:
        if document["head"] != {"deptCode": "441403", "purpose": "特殊困难老年人信息报送"}:
            return self._inner(40001, None)
        match path:
            case "/saveOrUpdate" | "/remove":
                body = document["body"]
                results = [self._take(dict(item)) for item in body["dataList"]]
                return self._inner(0, {"batchNo": body["batchNo"], "results": results})
            case "/getByCardNos":
                wanted = document["param"]["cardNos"]
                return self._inner(0, {"rows": [self.held[number] for number in wanted if number in self.held]})
            case "/pageList":
                return self._page(document)
        return Reply(404, b"")

    def _lets_in(self, asked: Asked) -> bool:
        timestamp, nonce = asked.headers.get("x-rio-timestamp", ""), asked.headers.get("x-rio-nonce", "")
        signature = hashlib.sha256(f"{timestamp}{TOKEN}{nonce}{timestamp}".encode()).hexdigest().upper()
        is_new = nonce not in self.nonces
        self.nonces.append(nonce)
        is_ours = asked.headers.get("x-rio-paasid") == "mx_tsknlnr"
        return is_new and is_ours and asked.headers.get("x-rio-signature") == signature

    def _take(self, item: dict[str, Any]) -> dict[str, Any]:
        key, number = item["bizId"], item["cardNo"]
        if key not in self.keys:
            self.keys[key] = {"bizId": key, **self._effect(item, number)}
        return self.keys[key]

    def _effect(self, item: dict[str, Any], number: str) -> dict[str, str]:
        if item["optType"] == "I" and number in self.held:
            return {"resultCode": "E2001", "resultMsg": "该人员已登记"}
        if not item["name"]:
            return {"resultCode": "E1001", "resultMsg": "姓名必填"}
        columns = {name: value for name, value in item.items() if name not in _MEMBERS}
        status = "0" if item["optType"] == "D" else "1"
        self.held[number] = {**self.held.get(number, {}), **columns, "verNo": item["verNo"], "status": status}
        return {"resultCode": "0", "resultMsg": ""}

    def _page(self, document: dict[str, Any]) -> Reply:
        people = [one for one in self.held.values() if one["status"] == document["param"]["status"]]
        size, number = min(document["page"]["pageSize"], 3), document["page"]["pageNum"]
        return self._inner(0, {"total": len(people), "rows": people[(number - 1) * size : number * size]})

    @staticmethod
    def _inner(code: int, data: Any) -> Reply:
        document = {
            "code": "0",
            "msg": "",
            "data": {"code": code, "msg": "操作成功" if code == 0 else "失败", "data": data},
        }
        return Reply(body=json.dumps(document, ensure_ascii=False).encode())
