import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from transforms.columns import texts
from transforms.compare import compare

KEYS = st.integers(1, 8)
CONTENT = st.integers(0, 2)
MERGED = st.dictionaries(KEYS, st.tuples(CONTENT, st.sampled_from(["{1}", "{2}"])), max_size=8)
REGISTERED = st.dictionaries(
    KEYS, st.tuples(CONTENT, st.sampled_from(["{1}", "{2}"]), st.sampled_from(["active", "withdrawn"])), max_size=8
)
DISPUTED = st.sets(KEYS, max_size=3)


def merged_table(merged):
    content, rows = [m[0] for m in merged.values()], [m[1] for m in merged.values()]
    return pd.DataFrame(
        {
            "id_key": np.array(list(merged), dtype=np.int64), "content_hash": np.array(content, dtype=np.int64),
            "row_ids": texts(rows), "winners": texts(["a"] * len(rows)),
        }
    )  # fmt: skip


def registered_table(registered):
    return pd.DataFrame(
        {
            "person_id": pd.array([100 + key for key in registered], dtype="Int64"),
            "id_key": pd.array(list(registered), dtype="Int64"),
            "revision": pd.array([3] * len(registered), dtype="Int64"),
            "content_hash": pd.array([r[0] for r in registered.values()], dtype="Int64"),
            "row_ids": texts([r[1] for r in registered.values()]), "winners": texts(["a"] * len(registered)),
            "status": texts([r[2] for r in registered.values()]),
        }
    )  # fmt: skip


def compared(merged, registered, disputed):
    merged = {key: value for key, value in merged.items() if key not in disputed}  # disputed rows are held before
    changes = compare(merged_table(merged), registered_table(registered), np.array(sorted(disputed), dtype=np.int64))
    return merged, changes


@given(MERGED, REGISTERED, DISPUTED)
def test_what_was_and_what_changed_is_what_is(merged, registered, disputed):
    merged, changes = compared(merged, registered, disputed)
    after = dict(registered)
    for row in changes.written.itertuples():
        after[row.id_key] = (row.content_hash, row.row_ids, "active")
    for person_id in changes.withdrawn["person_id"]:
        key = person_id - 100
        after[key] = (*after[key][:2], "withdrawn")
    active = {key: value[:2] for key, value in after.items() if value[2] == "active" and key not in disputed}
    assert active == merged
    assert {key: after[key] for key in disputed & set(registered)} == {
        key: registered[key] for key in disputed & set(registered)
    }


@given(MERGED, REGISTERED, DISPUTED)
def test_everyone_looked_at_is_written_unchanged_or_withdrawn(merged, registered, disputed):
    merged, changes = compared(merged, registered, disputed)
    assert len(changes.written) + changes.unchanged_count == len(merged)
    gone = {key for key, value in registered.items() if value[2] == "active" and key not in {*merged, *disputed}}
    assert {person - 100 for person in changes.withdrawn["person_id"]} == gone


@given(MERGED, REGISTERED, DISPUTED)
def test_an_operation_says_what_became_of_the_person(merged, registered, disputed):
    merged, changes = compared(merged, registered, disputed)
    operations = dict(zip(changes.written["id_key"], changes.written["operation"], strict=True))
    for key, (content, rows) in merged.items():
        before = registered.get(key)
        if before is None or before[2] == "withdrawn":
            expected = "new"
        elif before[0] != content:
            expected = "changed"
        else:
            expected = "restated" if before[1] != rows else None
        assert operations.get(key) == expected
    for row in changes.written.itertuples():
        known = row.id_key in registered
        assert row.person_id == (100 + row.id_key if known else 0)
        assert row.revision == (3 if known else 0) + (row.operation != "restated")


@given(MERGED)
def test_comparing_with_what_was_written_changes_nothing(merged):
    registered = {key: (*value, "active") for key, value in merged.items()}
    _, changes = compared(merged, registered, set())
    assert (len(changes.written), len(changes.withdrawn), changes.unchanged_count) == (0, 0, len(merged))
