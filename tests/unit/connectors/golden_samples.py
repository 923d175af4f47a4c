"""Golden samples of the shipped platform profiles: made-up elders, their payloads, the requests' bytes and headers.

What an office agrees on with a platform is what goes over the line, byte by byte. After a change that is meant,

    .venv/bin/python tests/unit/connectors/golden_samples.py

writes ``tests/golden/platform/<profile>/`` anew; look at the difference before it is committed.
"""

import datetime as dt
import json
from pathlib import Path

import pandas as pd

from connectors.platform_api.batch import make_batch
from connectors.platform_api.signer import Signer
from schemas.fields import ELDER_FIELDS, FIELDS
from schemas.platform_profile import load_profile
from transforms.payloads import render_payloads

__all__ = ["GOLDEN", "PROFILES", "changes_of", "samples"]

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests/golden/platform"
PROFILES = {name: load_profile(ROOT / f"config/platform/{name}.toml") for name in ("example", "example_flat")}

AT = dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=dt.UTC)
TOKEN, NONCE = "TESTTOKEN", "abc123"

ELDER = {
    "operation": "new", "revision": 1, "person_id": 41, "name": "测试甲", "sex": "female",
    "id_number": "11010519491231002X", "birth_date": "1949-12-31", "phone": "13800001234",
    "emergency_contact_name": "测试乙", "emergency_contact_phone": "13900005678",
    "household_division_code": "441403133201", "household_county": "梅县区", "household_town": "扶大镇",
    "household_village": "三葵村委会", "household_address": "三葵村委会“上塘”12号", "residence_division_code": "441403133201",
    "residence_county": "梅县区", "residence_town": "扶大镇", "residence_village": "三葵村委会",
    "residence_address": "三葵村委会\\上塘12号", "categories": "living_alone|severely_disabled",
    "disability_certificate_number": "11010519491231002X44", "disability_category": "4", "disability_level": "1",
    "ability_level": "2", "ability_standard": "GB/T 42195-2022", "ability_assessed_date": "2024-04-01",
    "drinking_water_safe": "yes", "electricity_safe": "yes", "gas_safe": "no", "housing_safe": "yes",
    "household_monthly_income_fen": 128050, "monthly_pension_fen": 5, "monthly_subsidy_fen": 0,
    "assistance_organisation": "扶大镇人民政府", "assistance_person": "测试丙", "assistance_measures": "每周探访\n代购药品",
    "registered_date": "2024-05-03", "remarks": "测试", "changed_on": "2024-06-01",
}  # fmt: skip


def changes_of(*elders):
    """Changes as the registry gives them: ``str`` columns, whole numbers nullable."""
    extra = ["reason", "changed_on", "told_payload"]
    changes = pd.DataFrame(elders).reindex(columns=["operation", "revision", *extra, *ELDER_FIELDS])
    for name in changes:
        is_number = name == "revision" or (name in FIELDS and FIELDS[str(name)].kind in {"fen", "number"})
        changes[name] = changes[name].astype("Int64" if is_number else "str")
    return changes


def samples(profile):
    """The texts of a profile's golden sample, by file."""
    told = render_payloads(changes_of(ELDER), profile).planned["payload"].iloc[0]
    moved = {"operation": "changed", "revision": 2, "told_payload": told, "phone": "13700001111", "person_id": 42}
    left = {"operation": "withdrawn", "revision": 3, "told_payload": told, "reason": "not-listed", "person_id": 43}
    changes = changes_of(ELDER, ELDER | moved, ELDER | left)
    planned, incomplete = render_payloads(changes, profile)
    assert incomplete.empty
    items = planned.assign(
        key=("key-" + planned["person_id"].astype("str") + "-" + planned["revision"].astype("str")).astype("str"),
        fields=planned["sent_fields"].fillna(planned["payload"]),
    )
    is_leaving = items["sent_as"] == "withdrawn"
    signer = Signer(profile.api.signing, TOKEN, root="", nonce=lambda: NONCE)
    headers = signer.headers(AT, lambda _: None)
    return {
        "elders.json": _shown(changes.drop(columns="told_payload").to_dict("records")),
        "payloads.jsonl": "".join(f"{payload}\n" for payload in planned["payload"]),
        "upsert.json": make_batch(items[~is_leaving], profile.api, name="golden-1").body.decode(),
        "withdraw.json": make_batch(items[is_leaving], profile.api, name="golden-2").body.decode(),
        "headers.json": _shown(headers),
    }


def _shown(document):
    def without_missing(record):
        return {name: value for name, value in record.items() if not pd.isna(value)}

    cleaned = [without_missing(one) for one in document] if isinstance(document, list) else document
    return json.dumps(cleaned, ensure_ascii=False, indent=1, default=int) + "\n"


def write():
    """Writes the samples of both profiles."""
    for name, profile in PROFILES.items():
        folder = GOLDEN / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in samples(profile).items():
            (folder / file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
