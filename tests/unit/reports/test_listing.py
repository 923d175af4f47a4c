"""Findings as pages count and carry them: groups that a plain count agrees with, and lists that stay within their bounds."""

import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from reports import findings_data
from reports.causes import by_cause, counted, ranked
from reports.findings_data import list_json
from reports.listing import Listing, listing_of
from reports.night_view import listed


def made_up(count: int, seed: int = 5) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    code = random.choice(["id-number-checksum", "phone-format", "name-missing", "duplicate-exact"], count)
    severity = {
        "id-number-checksum": "reject",
        "phone-format": "warn",
        "name-missing": "reject",
        "duplicate-exact": "note",
    }
    text = {name: [f"{name} {one}" for one in code] for name in ("label", "meaning", "expected", "remedy", "message")}
    return pd.DataFrame(
        {
            "finding_id": np.arange(1, count + 1), "source": random.choice(["survey", "health"], count), "sheet": None,
            "delivery": "一月.xlsx", "row_number": pd.array(random.integers(2, 90, count), "Int64"), "code": code,
            "column": random.choice(np.array(["姓名", "电话", None], dtype=object), count),
            "severity": [severity[one] for one in code], "owner_label": random.choice(["卫健", "残联"], count),
            "seen": random.choice(np.array(["138****1234", None], dtype=object), count), **text,
            "town": random.choice(np.array(["扶大镇", "程江镇", None], dtype=object), count),
            "village": random.choice(np.array(["三葵村", "大黄村", None], dtype=object), count),
            "state": "open", "since": random.choice(["2026-01-05", "2025-12-31"], count),
            "times_returned": random.integers(0, 4, count),
            "row_key": pd.array(random.integers(1, 60, count), "Int64"),
        }
    ).assign(source_label=lambda frame: frame["source"])  # fmt: skip


def listing(count: int, context: pd.DataFrame | None = None) -> Listing:
    return listing_of(listed(made_up(count)), context)


@pytest.mark.parametrize("count", [0, 1, 400], ids=str)
def test_causes_are_what_a_plain_count_says(count: int) -> None:
    found = made_up(count)
    causes = by_cause(listing(count))
    keys = list(zip(found["code"], found["column"].fillna(""), strict=True))
    assert {(cause["code"], cause["column"]): cause["total"] for cause in causes} == Counter(keys)
    for cause in causes:
        of_cause = found[[key == (cause["code"], cause["column"]) for key in keys]]
        assert cause["since"] == of_cause["since"].min()
        assert cause["times_returned"] == of_cause["times_returned"].max()
        assert cause["owner"] == "、".join(sorted(of_cause["owner_label"].unique()))
        assert cause["seen"] == ("138****1234" if of_cause["seen"].notna().any() else "")
        assert cause["label"] == of_cause["label"].iloc[0]


def test_causes_come_gravest_and_most_frequent_first() -> None:
    causes = by_cause(listing(400))
    ranks = ["reject", "hold", "warn", "note"]
    assert causes == sorted(causes, key=lambda cause: (ranks.index(cause["severity"]), -cause["total"]))


@pytest.mark.parametrize("keys", [["village"], ["town", "village"], ["source", "source_label"]], ids="-".join)
def test_counts_by_severity_add_up(keys: list[str]) -> None:
    found = made_up(400)
    rows = counted(listing(400), keys)
    assert sum(row["total"] for row in rows) == len(found)
    assert all(row["total"] == row["reject"] + row["hold"] + row["warn"] + row["note"] for row in rows)
    assert len(rows) == len(found[keys].fillna("").drop_duplicates())
    assert [row["total"] for row in rows] == sorted((row["total"] for row in rows), reverse=True)


def test_a_part_of_a_listing_counts_only_its_own() -> None:
    whole = listing(400)
    own = np.flatnonzero(listed(made_up(400))["town"] == "扶大镇")
    part = whole.take(own)
    assert len(part) == len(own)
    assert [row["label"] for row in counted(part, ["town"])] == ["扶大镇"]
    data = json.loads(list_json(part))
    assert data["words"]["town"] == ["扶大镇"]
    assert set(data["rules"]) == set(data["words"]["code"])


def test_a_page_reads_back_every_value_it_was_given() -> None:
    found = ranked(made_up(120))
    context = pd.DataFrame({"姓名": [f"张{key}" for key in range(1, 60)]}, index=range(1, 60))
    data = json.loads(list_json(listing(120, context)))
    for place in range(120):
        for name in ("code", "seen", "village", "column"):
            word = data["at"][name][place]
            said = data["words"][name][word] if word >= 0 else None
            assert said == (None if pd.isna(found[name][place]) else found[name][place])
        row = data["numbers"]["row"][place]
        assert data["rows"]["words"]["姓名"][data["rows"]["at"]["姓名"][row]] == f"张{found['row_key'][place]}"


def test_only_so_many_findings_and_rows_are_carried_the_gravest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings_data, "MOST_FINDINGS", 50)
    monkeypatch.setattr(findings_data, "MOST_ROWS", 7)
    context = pd.DataFrame({"姓名": "张*"}, index=range(1, 60))
    data = json.loads(list_json(listing(400, context)))
    assert data["count"] == 50
    assert data["words"]["severity"] == ["reject"]
    assert len(data["rows"]["at"]["姓名"]) == 7
    assert {row for row in data["numbers"]["row"] if row >= 0} == set(range(7))


def test_nothing_found_is_still_a_list() -> None:
    assert json.loads(list_json(listing(0)))["count"] == 0
