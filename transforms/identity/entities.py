"""Whom candidates are sought among: people, each with all that is stated of them, and rows whose number is damaged."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.identity_rules import IdentityRules
from transforms.columns import to_arrow
from transforms.identity.hashes import hashed
from transforms.identity.name_forms import NameForms, NameReader
from transforms.identity.number_forms import NumberForms, Readings, plain_numbers
from transforms.identity.value_sets import ValueSets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

__all__ = ["Entities", "gather"]

_PLACES = ("household", "residence")
_ENDING = r"(社区居民委员会|村民委员会|居民委员会|社区居委会|村委会|居委会|社区|村委|居委|村|居)$"
_TELLING_ADDRESS = 10  # characters; a shorter one names a town or less


@dataclass(frozen=True, slots=True, repr=False)
class Entities:
    """Everybody by position: first the people, in the order of their keys, then the rows without a sure number.

    The sets hold, for names and numbers, places in ``forms`` and ``numbers``; for readings, places in ``readings``.
    """

    keys: "Ints"  # of the people
    row_positions: "Ints"  # of the rows
    is_changed: "Mask"
    forms: NameForms
    names: ValueSets
    number_forms: NumberForms
    numbers: ValueSets
    whole_numbers: ValueSets  # keys of those that are whole
    readings: Readings
    read_as: ValueSets
    births: ValueSets
    villages: ValueSets
    towns: ValueSets
    phones: ValueSets
    contacts: ValueSets
    certificates: ValueSets
    sexes: ValueSets

    @property
    def people(self) -> int:
        """How many of them are people."""
        return len(self.keys)

    def __len__(self) -> int:
        return len(self.keys) + len(self.row_positions)


def gather(statements: pd.DataFrame, changed: "Mask", rules: IdentityRules) -> Entities:
    """Puts together what the rows in force state of everybody; columns as in ``candidates.find_pairs``."""
    held = statements["is_held"].to_numpy(dtype=bool)
    known = statements["id_key"].notna().to_numpy(dtype=bool)
    all_keys = statements["id_key"].to_numpy(dtype=np.int64, na_value=-1)
    rows = np.flatnonzero(~held & known)
    damaged = np.flatnonzero(held & ~known)
    keys, person = np.unique(all_keys[rows], return_inverse=True)
    at = np.concatenate([rows, damaged])
    entity = np.concatenate([person.astype(np.int64), len(keys) + np.arange(len(damaged))])
    count = len(keys) + len(damaged)
    order = np.argsort(entity, kind="stable")
    at, entity = at[order], entity[order]
    is_changed = np.zeros(count, dtype=bool)
    is_changed[entity[changed[at]]] = True
    read = _Columns(statements, at, entity, count)
    forms, names = read.names(NameReader.of(rules))
    number_forms, numbers, readings, read_as = read.numbers(len(rows))
    villages, towns = read.places()
    phones, contacts = read.phones(rules.scores.phone_of_people)
    births = read.births(readings, read_as)
    return Entities(
        keys, damaged, is_changed, forms, names, number_forms, numbers, _whole(number_forms, numbers), readings, read_as, births, villages, towns,
        phones, contacts, read.certificates(), read.sexes(),
    )  # fmt: skip


def _whole(forms: NumberForms, numbers: ValueSets) -> ValueSets:
    keys = ValueSets(numbers.offsets, forms.whole_keys()[numbers.entries])
    return keys.without(keys.entries < 0)


class _Columns:
    """The rows of all entities, column by column."""

    def __init__(self, statements: pd.DataFrame, at: "Ints", entity: "Ints", count: int) -> None:
        self._statements, self._at, self._entity, self._count = statements, pa.array(at), entity, count

    def _column(self, name: str) -> pa.Array:
        return to_arrow(self._statements[name]).take(self._at)

    def _sets(self, values: "Ints", given: "Mask") -> ValueSets:
        return ValueSets.of(self._entity[given], values[given].astype(np.int64, copy=False), self._count)

    def names(self, reader: NameReader) -> tuple[NameForms, ValueSets]:
        encoded = self._column("name").dictionary_encode()
        forms = reader.read(encoded.dictionary.cast(pa.large_string()))
        code = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        return forms, self._sets(code, (code >= 0) & (forms.plain[code] != 0) if len(forms.plain) else code >= 0)

    def numbers(self, people_rows: int) -> tuple[NumberForms, ValueSets, Readings, ValueSets]:
        column = self._column("id_number")
        written = pa.concat_arrays([column.slice(0, people_rows), plain_numbers(column.slice(people_rows))])
        encoded = written.dictionary_encode()
        forms = NumberForms.of(encoded.dictionary.cast(pa.large_string()))
        code = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        # A person may have a row whose own number is damaged, by a decision; nobody is compared with that.
        is_meant = (forms.whole_keys()[code] >= 0) if len(forms.length) else code >= 0
        is_meant[people_rows:] = True
        numbers = self._sets(code, (code >= 0) & is_meant)
        readings = forms.readings()
        order = np.argsort(readings.number, kind="stable")
        of_number = ValueSets.of(readings.number[order], order, len(forms.length))
        place, reading = of_number.at(numbers.entries)
        return forms, numbers, readings, ValueSets.of(numbers.owners[place], reading, self._count)

    def births(self, readings: Readings, read_as: ValueSets) -> ValueSets:
        """Of people their own; of rows whatever may be read of it, as ``yyyymmdd``."""
        digits = pc.replace_substring(self._column("birth_date"), "-", "")
        stated = pc.fill_null(digits.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
        read = readings.birth[read_as.entries]
        owners, births = (np.concatenate(parts) for parts in ((self._entity, read_as.owners), (stated, read)))
        return ValueSets.of(owners[births > 0], births[births > 0], self._count)

    def places(self) -> tuple[ValueSets, ValueSets]:
        """Villages by code, by name, by address; and towns, both of household and of residence."""
        villages, towns, of_village, of_town = [], [], [], []
        for place in _PLACES:
            code = pc.fill_null(self._column(f"{place}_division_code").cast(pa.int64()), 0).to_numpy(
                zero_copy_only=False
            )
            name = pc.replace_substring_regex(self._column(f"{place}_village"), _ENDING, "")
            address = self._column(f"{place}_address")
            town = np.where(code // 1000 % 1000 > 0, code // 1000, 0)
            named = _is_long(name, 1)
            telling = _is_long(address, _TELLING_ADDRESS) & ~named
            for values, given in (
                (code, code % 1000 > 0), (_hashes(name, town), named), (_hashes(address, np.zeros_like(town)), telling),
            ):  # fmt: skip
                villages.append(values[given])
                of_village.append(self._entity[given])
            towns.append(town[town > 0])
            of_town.append(self._entity[town > 0])
        return (
            ValueSets.of(np.concatenate(of_village), np.concatenate(villages), self._count),
            ValueSets.of(np.concatenate(of_town), np.concatenate(towns), self._count),
        )

    def phones(self, most_people: int) -> tuple[ValueSets, ValueSets]:
        """Own telephones and those of contacts, without such as too many people give: a village's office, a home's."""
        own, contact = (self._phone(name) for name in ("phone", "emergency_contact_phone"))
        both = ValueSets.of(
            np.concatenate([own.owners, contact.owners]), np.concatenate([own.entries, contact.entries]), self._count
        )
        phone, people = np.unique(both.entries, return_counts=True)
        common = phone[people > most_people]
        return own.without(np.isin(own.entries, common)), contact.without(np.isin(contact.entries, common))

    def _phone(self, name: str) -> ValueSets:
        digits = pc.utf8_slice_codeunits(pc.replace_substring_regex(self._column(name), "[^0-9]", ""), 0, 15)
        given = _is_long(digits, 7)
        number = pc.fill_null(digits.filter(pa.array(given)).cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
        return ValueSets.of(self._entity[given], number, self._count)

    def certificates(self) -> ValueSets:
        """The ID numbers that certificates state, as :meth:`NumberForms.whole_keys`."""
        column = pc.fill_null(self._column("disability_certificate_number"), "")
        key = NumberForms.of(pc.utf8_slice_codeunits(column, 0, 18)).whole_keys()
        return self._sets(key, key >= 0)

    def sexes(self) -> ValueSets:
        place = pc.index_in(self._column("sex"), pa.array(["male", "female"], pa.large_string()))
        sex = pc.fill_null(place, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        return self._sets(sex, sex >= 0)


def _is_long(values: pa.Array, least: int) -> "Mask":
    """Which texts have so many characters."""
    length = pc.fill_null(pc.utf8_length(values), 0).to_numpy(zero_copy_only=False)
    return np.asarray(length >= least, dtype=bool)


def _hashes(names: pa.Array, towns: "Ints") -> "Ints":
    """Keys of names in towns, below zero, where no division's code is."""
    encoded = names.dictionary_encode()
    codes = pc.fill_null(encoded.indices, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    distinct = pd.util.hash_array(encoded.dictionary.to_numpy(zero_copy_only=False).astype(object), categorize=False)
    if not len(distinct):
        return np.zeros(len(codes), dtype=np.int64)
    keys = (hashed(distinct[codes], towns) >> np.uint64(1)).astype(np.int64)
    return -keys
