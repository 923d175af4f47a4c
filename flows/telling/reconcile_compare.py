"""The platform's list against the outbox, page by page: what was told is fetched for each page, and no page is kept."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

import pandas as pd
import pyarrow as pa

from flows.context import Night
from registry.engine import transaction
from registry.outbox_compared import everybody_told, told_of
from registry.outbox_observed import held_up_people, open_people
from schemas.platform_reconcile import ReconcileFormat
from transforms.columns import texts
from transforms.reconcile import Compared, Reconciled, compare_page, settle

__all__ = ["OUR_NUMBER", "Comparison", "Records", "compare_lists", "records_put_aside"]

OUR_NUMBER = r"[1-9][0-9]{0,13}"
"""What a person is called that can be one of ours; an ID number is longer."""

_RECORD = pa.schema(
    [("person", pa.large_string()), ("revision", pa.int64()), ("is_present", pa.bool_()), ("fields", pa.large_string())]
)


class Comparison(NamedTuple):
    """Both sides compared, and how many records the platform listed as ``present`` and as ``withdrawn``."""

    reconciled: Reconciled
    listed: Counter[str]


class Records:
    """Records of the platform's list put aside on disk, in a file without a name that ends with this process.

    They are what is held of people who differ, which may be everybody.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._writer = pa.ipc.new_stream(file, _RECORD)

    def add(self, records: pd.DataFrame) -> None:
        """Puts more aside."""
        if len(records):
            self._writer.write_table(pa.Table.from_pandas(records, schema=_RECORD, preserve_index=False))

    def each(self) -> Iterator[pd.DataFrame]:
        """All of them, some at a time, as often as wanted; nothing can be added any more."""
        self._writer.close()
        self._file.seek(0)
        with pa.ipc.open_stream(self._file) as stream:
            for batch in stream:
                frame = batch.select(["revision", "is_present"]).to_pandas(
                    types_mapper={pa.int64(): pd.Int64Dtype()}.get
                )
                yield frame.assign(person=texts(batch["person"]), fields=texts(batch["fields"]))


@contextmanager
def records_put_aside(night: Night) -> Iterator[Records]:
    """A place for records; nothing of it is left afterwards, however this process ends."""
    with tempfile.TemporaryFile(dir=night.home.reading) as file:
        yield Records(file)


def compare_lists(
    night: Night, pages: Iterable[pd.DataFrame], rules: ReconcileFormat, aside: Records, *, judges_all: bool
) -> Comparison:
    """Compares everybody; ``judges_all`` also those of whom something is on the way, after a restore.

    Whose change is held is always judged: nothing is on the way of theirs.

    No transaction is open while the platform is asked. Nothing is sent meanwhile: the caller holds the run lock.
    """
    kept: list[Compared] = []
    listed: Counter[str] = Counter()
    for page in pages:
        numbers = page.loc[page["person"].str.fullmatch(OUR_NUMBER), "person"].astype("int64")
        with transaction(night.engine) as connection:
            told = told_of(connection, night.profile.name, numbers.to_list())
        compared = compare_page(told, page, night.profile, rules)
        aside.add(compared.apart)
        kept.append(compared._replace(apart=compared.apart.head(0)))
        listed.update({"present": int(page["is_present"].sum()), "withdrawn": int((~page["is_present"]).sum())})
    with transaction(night.engine) as connection:
        told, on_its_way = everybody_told(connection, night.profile.name), open_people(connection, night.profile.name)
        held_up = held_up_people(connection, night.profile.name)
    if judges_all:
        known = pd.concat([told["person_id"].astype("str"), *(page.listed["person"] for page in kept)])
        on_its_way = on_its_way[~on_its_way.astype("str").isin(known)]
    return Comparison(settle(told, kept, on_its_way, held_up), listed)
