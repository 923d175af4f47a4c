"""Answers of a platform as a client receives them, and items as the outbox gives them; everybody is made up."""

import datetime as dt
import json
from pathlib import Path

import pandas as pd

from connectors.http_calls.call import Answer
from connectors.platform_api.decisions import Decided, decide
from connectors.platform_api.item_answers import judge_items
from schemas.platform_api import ApiFormat
from schemas.platform_profile import load_profile

__all__ = ["API", "FLAT", "NOW", "PROFILE", "answer", "answered", "api_with", "items_of", "judged", "told"]

CONFIG = Path(__file__).resolve().parents[3] / "config/platform"
PROFILE, FLAT = load_profile(CONFIG / "example.toml"), load_profile(CONFIG / "example_flat.toml")
API = PROFILE.api
NOW = dt.datetime(2026, 3, 2, 2, 0, tzinfo=dt.UTC)


def api_with(**changes):
    """The stand-in's interface, with something otherwise."""
    return ApiFormat.model_validate({"url": "http://127.0.0.1:8640", **changes})


def answer(document, *, status=200, **headers):
    body = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
    return Answer(status, {"content-type": "application/json", **headers}, body)


def told(key, status="accepted", receipt="R1", code="", reason=""):
    """What is said of one item."""
    return {"key": key, "status": status, "receipt": receipt, "code": code, "reason": reason}


def answered(*items, batch="b-1", **more):
    """A good answer about a batch."""
    return {"code": 200, "msg": "操作成功", "data": {"batch": batch, "items": list(items)}, **more}


def judged(reply, keys, *, api=API, batch="b-1"):
    """What a reply to a batch comes to."""
    decision = decide(reply, api, at=NOW)
    if isinstance(decision, Decided):
        return decision.of_batch(keys)
    return judge_items(decision.document, api, batch=batch, keys=keys)


def items_of(*people, revision=1, sent_as="new", fields='{"姓名":"测试甲"}', sent=NOW, receipt=None):
    """Items as they are claimed from the outbox."""
    return pd.DataFrame(
        {
            "key": pd.Series([f"{person}-{revision}" for person in people], dtype="str"),
            "person_id": pd.Series(people, dtype="int64"),
            "revision": pd.Series([revision] * len(people), dtype="int64"),
            "sent_as": pd.Series([sent_as] * len(people), dtype="str"),
            "fields": pd.Series([fields] * len(people), dtype="str"),
            "payload": pd.Series([fields] * len(people), dtype="str"),
            "receipt": pd.Series([receipt or f"R{person}" for person in people], dtype="str"),
            "first_sent_at": pd.Series([sent] * len(people), dtype="datetime64[us, UTC]"),
        }
    )
