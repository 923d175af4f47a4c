from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transforms.resend import match_rows

HASHES = st.lists(st.integers(-3, 3) | st.sampled_from([-(2**63), 2**63 - 1]), max_size=25)


def arrays(*lists):
    return (np.array(values, dtype=np.int64) for values in lists)


@given(HASHES, HASHES)
def test_rows_match_as_multisets(before, after):
    old, new = arrays(before, after)
    resent = match_rows(old, new)
    common = Counter(before) & Counter(after)
    assert Counter(old[resent.kept_old].tolist()) == Counter(new[resent.kept_new].tolist()) == common
    assert Counter(old[resent.ended].tolist()) == Counter(before) - common
    assert Counter(new[resent.added].tolist()) == Counter(after) - common


@given(HASHES, HASHES)
def test_every_row_is_kept_ended_or_added_once(before, after):
    resent = match_rows(*arrays(before, after))
    assert sorted([*resent.kept_old, *resent.ended]) == list(range(len(before)))
    assert sorted([*resent.kept_new, *resent.added]) == list(range(len(after)))


@given(HASHES, HASHES)
def test_kept_rows_stand_in_step(before, after):
    old, new = arrays(before, after)
    resent = match_rows(old, new)
    assert old[resent.kept_old].tolist() == new[resent.kept_new].tolist()


@given(HASHES, st.randoms(use_true_random=False))
def test_the_same_rows_in_any_order_leave_nothing_to_do(before, order):
    after = list(before)
    order.shuffle(after)
    resent = match_rows(*arrays(before, after))
    assert (len(resent.ended), len(resent.added)) == (0, 0)
