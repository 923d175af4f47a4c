import csv
from collections import Counter
from datetime import date, timedelta

import pytest

from simulator.delivered_list import LAYOUTS, header_of
from simulator.offices import write_sample
from simulator.second_night import second_night

TODAY = date(2026, 11, 23)
PEOPLE = 4000


def rows_of(folder, source):
    with (folder / source / f"{source}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Nights:
    """A first night and the one after it."""

    def __init__(self, folder, *, defects=True, changed_share=0.02):
        self.first, self.second = folder / "first", folder / "second"
        write_sample(self.first, people=PEOPLE, seed=6, today=TODAY, formats="csv", defects=defects)
        self.told = second_night(
            self.first, self.second, seed=3, today=TODAY + timedelta(days=1), changed_share=changed_share
        )
        self.before = {source: rows_of(self.first, source) for source in LAYOUTS}
        self.after = {source: rows_of(self.second, source) for source in LAYOUTS}


def people(lists):
    return {row[header_of(source, "id_number")] for source, rows in lists.items() for row in rows}


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    return Nights(tmp_path_factory.mktemp("nights"))


def test_half_change_a_quarter_is_new_and_a_quarter_is_gone(nights):
    before, after = people(nights.before), people(nights.after)
    assert len(after - before) == nights.told.new == 20
    assert len(before - after) == nights.told.gone == 20
    changed = set()
    for source, rows in nights.after.items():
        number = header_of(source, "id_number")
        known = {tuple(row.values()) for row in nights.before[source]}
        changed |= {row[number] for row in rows if tuple(row.values()) not in known and row[number] in before}
    assert len(changed) == nights.told.changed
    assert abs(nights.told.changed - 40) <= 1


def test_a_change_is_of_telephone_subsidy_or_address_alone(nights):
    for source, rows in nights.after.items():
        number = header_of(source, "id_number")
        times = Counter(row[number] for row in nights.before[source])
        known = {row[number]: row for row in nights.before[source] if times[row[number]] == 1}
        differing = {h for row in rows if row[number] in known for h in row if row[h] != known[row[number]][h]}
        assert differing <= {"联系电话", "每月补贴(元)", "现住址"}


def test_planted_rows_are_sent_again_as_they_were(nights):
    with (nights.first / "answer_key.csv").open(encoding="utf-8") as file:
        spoiled = [(line["source"], int(line["row_number"]) - 2) for line in csv.DictReader(file)]
    again = {source: Counter(tuple(row.values()) for row in rows) for source, rows in nights.after.items()}
    assert all(again[source][tuple(nights.before[source][row].values())] for source, row in spoiled)


def test_no_list_and_no_village_loses_more_than_the_brake_lets_pass(tmp_path):
    nights = Nights(tmp_path, changed_share=0.4)
    for source in LAYOUTS:
        number = header_of(source, "id_number")
        lost = {row[number] for row in nights.before[source]} - {row[number] for row in nights.after[source]}
        assert len(lost) <= max(10, 0.05 * len(nights.before[source]))
    before = Counter(row["户籍村(居)"] for row in nights.before["village_survey"])
    gone = people(nights.before) - people(nights.after)
    lost = Counter(row["户籍村(居)"] for row in nights.before["village_survey"] if row["身份证号码"] in gone)
    assert all(count <= max(3, 0.05 * before[village]) and count < before[village] for village, count in lost.items())


def test_the_same_seed_makes_the_same_night_also_in_place(tmp_path):
    nights = Nights(tmp_path, defects=False)
    second_night(nights.first, nights.first, seed=3, today=TODAY + timedelta(days=1), changed_share=0.02)
    for source in LAYOUTS:
        name = f"{source}/{source}.csv"
        assert (nights.first / name).read_bytes() == (nights.second / name).read_bytes()
