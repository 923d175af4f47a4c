"""Whole nights whose lists come over each channel: what arrives is taken once, what breaks off stops that source alone."""

import json
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from foreign_databases import Database
from nights import DISABILITY, FAMILY, INCAPACITY, TODAY, Bureau, family_row, funnel, people
from rest_server import Asked, Reply, answering, envelope
from sftp_server import PASSWORD, SftpHouse, sftp_house

pytest_plugins = ["database_fixtures"]

OTHERS = people(3, first=900)
FOUR = people(4)
NEXT_DAY = TODAY + timedelta(days=1)


@pytest.fixture
def bureau(tmp_path: Path, fresh_url: str) -> Bureau:
    """A bureau whose list of another source is good and lies in its inbox, whatever the channel under test does."""
    made = Bureau(tmp_path / "home", fresh_url)
    made.own_configuration()
    made.deliver(
        DISABILITY, "姓名,身份证号,残疾人证号\n" + "".join(f"{w.name},{w.number},{w.number}41\n" for w in OTHERS)
    )
    return made


def over(bureau: Bureau, source: str, channel: str, **keys: str) -> None:
    """Gives a source another channel."""
    path = bureau.config / "sources" / f"{source}.toml"
    text = path.read_text(encoding="utf-8").split("\n[channel]")[0]
    for key, value in keys.items():
        text = text.replace(f'{key} = "full"', f'{key} = "{value}"')
    path.write_text(f"{text}\n{channel}", encoding="utf-8")


def secret(bureau: Bureau, name: str, value: str) -> None:
    folder = bureau.home / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / name).write_text(value, encoding="utf-8")
    (folder / name).chmod(0o600)


def alone(bureau: Bureau, source: str, **expected: object) -> dict[str, object]:
    """A night in which the source comes to what is expected and the other one was taken whole; what is said of the source."""
    summary = bureau.night()
    assert funnel(summary["sources"][DISABILITY]) == (3, 3, 0, 0, 0)
    line = summary["sources"][source]
    assert {key: line[key] for key in expected} == expected, line["message"]
    return line


# SFTP


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SftpHouse]:
    (tmp_path / "server" / "lists").mkdir(parents=True)
    with sftp_house(tmp_path / "server") as found:
        yield found


def by_sftp(bureau: Bureau, house: SftpHouse, **keys: str) -> None:
    more = "".join(f'{key} = "{value}"\n' for key, value in keys.items())
    channel = (
        f'host = "127.0.0.1"\nport = {house.port}\nusername = "bureau"\npassword = "federation"\nfolder = "/lists"\n'
    )
    hosts = f'host_keys = ["{house.host_key}"]\nsettle_seconds = 1\n'
    over(bureau, FAMILY, f'[channel]\nkind = "sftp"\n{channel}{hosts}{more}')
    secret(bureau, "federation", PASSWORD)


def put(house: SftpHouse, name: str, rows: list[dict[str, object]]) -> Path:
    path = house.folder / "lists" / name
    path.write_text("\n".join([",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]), "utf-8")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def test_a_list_on_an_sftp_server_is_taken_and_not_fetched_again(bureau: Bureau, house: SftpHouse) -> None:
    by_sftp(bureau, house)
    put(house, "名单.csv", [family_row(who) for who in FOUR])
    alone(bureau, FAMILY, status="green", deliveries=1, received=4, admitted=4)
    sent = house.bytes_sent
    line = alone(bureau, FAMILY, status="green", received=4)
    assert house.bytes_sent == sent
    assert "相同" in str(line["message"])


def test_a_changed_host_key_stops_that_source_and_its_people_stay(bureau: Bureau, house: SftpHouse) -> None:
    by_sftp(bureau, house)
    put(house, "名单.csv", [family_row(who) for who in FOUR])
    bureau.night()
    with sftp_house(house.folder) as impostor:
        by_sftp(bureau, impostor)
        over_file = bureau.config / "sources" / f"{FAMILY}.toml"
        text = over_file.read_text(encoding="utf-8")
        over_file.write_text(text.replace(impostor.host_key, other_key(house)), encoding="utf-8")
        alone(bureau, FAMILY, status="red")
    assert {who.number for who in FOUR} <= bureau.active()


def other_key(house: SftpHouse) -> str:
    from sftp_server import key_pair, public_line

    key = public_line(key_pair("ssh-ed25519", 77))
    assert key != house.host_key
    return key


def test_a_file_that_was_taken_is_moved_on_the_server_when_agreed(bureau: Bureau, house: SftpHouse) -> None:
    (house.folder / "done").mkdir()
    by_sftp(bureau, house, after="move:/done")
    put(house, "名单.csv", [family_row(who) for who in FOUR])
    alone(bureau, FAMILY, status="green", received=4)
    assert [path.name for path in (house.folder / "done").iterdir()] == ["名单.csv"]
    alone(bureau, FAMILY, status="absent")
    assert {who.number for who in FOUR} <= bureau.active()


def test_a_refused_file_waits_on_the_server_and_its_findings_stand(bureau: Bureau, house: SftpHouse) -> None:
    by_sftp(bureau, house)
    path = put(house, "名单.csv", [family_row(who) for who in FOUR])
    path.write_bytes(b"\xff\xfe\x00")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    for _ in range(2):
        alone(bureau, FAMILY, status="yellow")
        assert bureau.codes()["encoding-undecodable"] == 1
    path.unlink()
    alone(bureau, FAMILY, status="absent")
    assert bureau.codes()["encoding-undecodable"] == 0


def test_a_missing_secret_stops_that_source_alone_and_says_where_it_belongs(bureau: Bureau, house: SftpHouse) -> None:
    by_sftp(bureau, house)
    shutil.rmtree(bureau.home / "secrets")
    line = alone(bureau, FAMILY, status="red")
    assert "ELDERSYNC_SECRET_FEDERATION" in str(line["message"])


# Database views


def by_view(bureau: Bureau, database: Database, extra: str = "", **keys: str) -> None:
    channel = (
        '[channel]\nkind = "database"\nurl_secret = "other_body"\nview = "share.v_elders"\nkey_columns = ["身份证号"]\n'
    )
    over(bureau, FAMILY, channel + extra, **keys)
    secret(bureau, "other_body", database.url)


def fill(database: Database, rows: list[dict[str, object]]) -> None:
    columns = ", ".join(f"`{name}` varchar(200)" for name in rows[0])
    values = ", ".join("(" + ", ".join(f"'{value}'" for value in row.values()) + ")" for row in rows)
    database.run(
        "DROP TABLE IF EXISTS share.v_elders", f"CREATE TABLE share.v_elders ({columns}, changed_at datetime DEFAULT now())",
        f"INSERT INTO share.v_elders ({', '.join(f'`{name}`' for name in rows[0])}) VALUES {values}",  # noqa: S608
    )  # fmt: skip


def test_a_view_is_pulled_whole_and_what_it_says_now_counts(bureau: Bureau, at_mariadb: Database) -> None:
    by_view(bureau, at_mariadb, f"columns = {json.dumps(list(family_row(FOUR[0])), ensure_ascii=False)}\n")
    fill(at_mariadb, [family_row(who) for who in FOUR])
    alone(bureau, FAMILY, status="green", received=4, admitted=4)
    assert "相同" in str(alone(bureau, FAMILY, status="green", received=4)["message"])
    fill(at_mariadb, [family_row(who) for who in FOUR[:3]])
    alone(bureau, FAMILY, status="green", received=3)
    assert FOUR[3].number not in bureau.active()
    fill(at_mariadb, [family_row(who) for who in FOUR])  # byte for byte what the first pull brought
    alone(bureau, FAMILY, status="green", received=4)
    assert FOUR[3].number in bureau.active()


def test_a_file_dropped_beside_a_view_stays_part_of_the_list_while_it_lies_there(
    bureau: Bureau,
    at_mariadb: Database,
) -> None:
    by_view(bureau, at_mariadb, f"columns = {json.dumps(list(family_row(FOUR[0])), ensure_ascii=False)}\n")
    fill(at_mariadb, [family_row(who) for who in FOUR[:2]])
    path = bureau.deliver(FAMILY, [family_row(who) for who in FOUR[2:]])
    os.utime(path, (1_700_000_000, 1_700_000_000))
    alone(bureau, FAMILY, status="green", received=4)
    fill(at_mariadb, [family_row(FOUR[0]), family_row(FOUR[1], 联系电话="13900009999")])
    alone(bureau, FAMILY, status="green", received=4)
    assert {who.number for who in FOUR} <= bureau.active()


def test_an_empty_view_ends_nobody(bureau: Bureau, at_mariadb: Database) -> None:
    by_view(bureau, at_mariadb)
    fill(at_mariadb, [family_row(who) for who in FOUR])
    bureau.night()
    at_mariadb.run("DELETE FROM share.v_elders")
    alone(bureau, FAMILY, status="yellow")
    assert bureau.codes()["file-empty"] == 1
    assert {who.number for who in FOUR} <= bureau.active()


def test_increments_of_a_view_add_and_change_and_end_nobody(bureau: Bureau, at_mariadb: Database) -> None:
    by_view(bureau, at_mariadb, 'mode = "cursor"\ncursor_column = "changed_at"\n', delivers="incremental")
    fill(at_mariadb, [family_row(who) for who in FOUR])
    alone(bureau, FAMILY, status="green", received=4)
    at_mariadb.run(
        "DELETE FROM share.v_elders",
        "ALTER TABLE share.v_elders ALTER changed_at SET DEFAULT (now() + interval 1 second)",
    )
    new, changed = family_row(people(5)[4]), family_row(FOUR[0], 联系电话="13900009999")
    for row in (new, changed):
        names, values = ", ".join(f"`{name}`" for name in row), ", ".join(f"'{value}'" for value in row.values())
        at_mariadb.run(f"INSERT INTO share.v_elders ({names}) VALUES ({values})")  # noqa: S608
    alone(bureau, FAMILY, status="green", received=2)
    assert len(bureau.active()) == 3 + 5
    assert bureau.elders()[FOUR[0].number]["phone"] == "13900009999"
    bureau.set_rule("fresh_days = 1", file=f"sources/{FAMILY}.toml")
    summary = bureau.night(TODAY + timedelta(days=5), sources=[FAMILY], expect="green")
    assert "没有新的变动" in summary["sources"][FAMILY]["message"]
    assert len(bureau.active()) == 3 + 5


# REST


def by_rest(bureau: Bureau, url: str, extra: str = "") -> None:
    channel = f"""[channel]
kind = "rest"
base_url = "{url}"
path = "/elders"
allow_plain_http_on_loopback = true
limits = {{ calls_per_second = 1000, burst = 1000, tries = 1 }}
[channel.paging]
kind = "page"
parameter = "page"
size_parameter = "size"
size = 2
[channel.envelope]
records = "data.list"
success = [{{ path = "code", values = [200] }}]
total = "data.total"
"""
    over(bureau, INCAPACITY, channel + extra)


def pages_of(records: list[dict[str, object]], **more: object) -> object:
    def answer(asked: Asked) -> Reply:
        page, size = int(asked.query["page"]), int(asked.query["size"])
        return envelope(records[(page - 1) * size : page * size], **{"total": len(records), **more})

    return answer


def record(who: object, **changes: object) -> dict[str, object]:
    return {"姓名": who.name, "身份证号": who.number, "能力等级": "重度失能", "评估日期": "2024-03-01"} | changes  # type: ignore[attr-defined]


def test_records_of_an_interface_become_elders_page_by_page(bureau: Bureau) -> None:
    with answering(pages_of([record(who) for who in FOUR])) as served:  # type: ignore[arg-type]
        by_rest(bureau, served.url)
        alone(bureau, INCAPACITY, status="green", received=4, admitted=4)
    assert {who.number for who in FOUR} <= bureau.active()


def test_an_id_number_sent_as_a_json_number_is_held(bureau: Bureau) -> None:
    numbered = [who for who in people(30) if who.number.isdigit()][:3]
    records = [record(who, 身份证号=int(who.number)) for who in numbered] + [record(FOUR[0])]
    with answering(pages_of(records)) as served:  # type: ignore[arg-type]
        by_rest(bureau, served.url)
        alone(bureau, INCAPACITY, received=4, admitted=1, held=3)
    assert bureau.codes()["id-number-stored-as-number"] == 3


@pytest.mark.parametrize("total", [7, 0], ids=["more than came", "none"])
def test_an_interface_that_contradicts_itself_is_not_believed_and_the_last_list_stands(
    bureau: Bureau, total: int
) -> None:
    with answering(pages_of([record(who) for who in FOUR])) as served:  # type: ignore[arg-type]
        by_rest(bureau, served.url)
        bureau.night()
    with answering(pages_of([record(who) for who in FOUR[:2]], total=total)) as served:  # type: ignore[arg-type]
        by_rest(bureau, served.url)
        alone(bureau, INCAPACITY, status="red")
    assert {who.number for who in FOUR} <= bureau.active()


def test_an_interface_that_had_people_and_answers_none_is_held_not_believed(bureau: Bureau) -> None:
    with answering(pages_of([record(who) for who in FOUR])) as served:  # type: ignore[arg-type]
        by_rest(bureau, served.url)
        bureau.night()
    with answering(pages_of([])) as served:  # type: ignore[arg-type]
        by_rest(bureau, served.url)
        alone(bureau, INCAPACITY, status="yellow")
    assert bureau.codes()["file-empty"] == 1
    assert {who.number for who in FOUR} <= bureau.active()


# The folder


def test_files_that_were_taken_or_refused_are_put_away_when_agreed(bureau: Bureau) -> None:
    over(bureau, FAMILY, '[channel]\nkind = "folder"\nsettle_seconds = 0\nmove_done = true\n')
    bureau.deliver(FAMILY, [family_row(who) for who in FOUR], "好.csv")
    alone(bureau, FAMILY, status="green", received=4)
    assert [path.name for path in (bureau.inbox(FAMILY) / "已处理").iterdir()] == ["好.csv"]
    bureau.deliver(FAMILY, b"\xff\xfe\x00", "坏.csv")
    for _ in range(2):
        alone(bureau, FAMILY, status="yellow")
        assert bureau.codes()["encoding-undecodable"] == 1
    assert [path.name for path in (bureau.inbox(FAMILY) / "处理失败").iterdir()] == ["坏.csv"]
    (bureau.inbox(FAMILY) / "处理失败" / "坏.csv").unlink()
    alone(bureau, FAMILY, status="absent")
    assert bureau.codes()["encoding-undecodable"] == 0
    assert {who.number for who in FOUR} <= bureau.active()


def test_a_file_that_was_put_away_stays_part_of_a_list_of_which_another_one_is_replaced(bureau: Bureau) -> None:
    over(bureau, FAMILY, '[channel]\nkind = "folder"\nsettle_seconds = 0\nmove_done = true\n')
    bureau.deliver(FAMILY, [family_row(who) for who in FOUR[:3]], "名单.csv")
    bureau.deliver(FAMILY, [family_row(FOUR[3])], "补充.csv")
    alone(bureau, FAMILY, status="green", received=4)
    bureau.deliver(FAMILY, [family_row(who, 联系电话="13900009999") for who in FOUR[:3]], "名单.csv")
    alone(bureau, FAMILY, status="green", received=4)
    assert {who.number for who in FOUR} <= bureau.active()
    bureau.deliver(FAMILY, [family_row(who, 联系电话="13900008888") for who in FOUR[:3]], "整份.csv")
    alone(bureau, FAMILY, status="green", received=3)
    assert FOUR[3].number not in bureau.active()


def test_a_file_dropped_for_a_source_with_a_server_counts_too(bureau: Bureau) -> None:
    with answering(pages_of([record(who) for who in FOUR[:2]])) as served:  # type: ignore[arg-type]
        by_rest(bureau, served.url)
        rows = [{name: str(value) for name, value in record(who).items()} for who in FOUR[2:]]
        bureau.deliver(INCAPACITY, rows)
        for path in bureau.inbox(INCAPACITY).iterdir():
            os.utime(path, (1_700_000_000, 1_700_000_000))
        alone(bureau, INCAPACITY, status="green", received=4)


# Increments: what is asked for once must not be lost on its way into the registry


CHANGED_AT, OTHER = "改于", "失能程度"


def by_changes(bureau: Bureau, url: str, path: str = "/elders") -> None:
    """The interface is asked for what changed since, and a record tells when it did."""
    by_rest(
        bureau,
        url,
        f'[channel.increment]\nparameter = "since"\nfield = "{CHANGED_AT}"\nstart = "2020-01-01 00:00:00"\n',
    )
    over_file = bureau.config / "sources" / f"{INCAPACITY}.toml"
    text = over_file.read_text(encoding="utf-8").replace('delivers = "full"', 'delivers = "incremental"')
    over_file.write_text(text.replace('path = "/elders"', f'path = "{path}"'), encoding="utf-8")


class Changes:
    """A body's records, of which it gives those that changed since a time it is told."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, object]] = {}
        self.level = "能力等级"

    def __call__(self, asked: Asked) -> Reply:
        found = [found for found in self.records.values() if str(found[CHANGED_AT]) >= asked.query["since"]]
        return pages_of([called(self.level, one) for one in found])(asked)  # type: ignore[operator,no-any-return]

    def state(self, *people: object, day: int) -> None:
        for who in people:
            found = record(who, **{CHANGED_AT: f"2024-06-{day:02d} 12:00:00"})
            self.records[str(found["身份证号"])] = found


def called(header: str, found: dict[str, object]) -> dict[str, object]:
    """A record whose sender calls a required column otherwise."""
    return {header if name == "能力等级" else name: value for name, value in found.items()}


def agree_on(bureau: Bureau, header: str) -> None:
    path = bureau.config / "sources" / f"{INCAPACITY}.toml"
    text = path.read_text(encoding="utf-8")
    assert '"失能等级"' in text
    path.write_text(text.replace('"失能等级"', f'"失能等级", "{header}"'), encoding="utf-8")


def test_an_increment_that_was_refused_is_asked_for_again_until_it_can_be_read(bureau: Bureau) -> None:
    body = Changes()
    with answering(body) as served:
        by_changes(bureau, served.url)
        body.state(FOUR[0], day=1)
        alone(bureau, INCAPACITY, status="green", received=1)
        body.level = OTHER
        for day, who in ((3, FOUR[1]), (5, FOUR[2])):
            body.state(who, day=day)
            alone(bureau, INCAPACITY, status="yellow")
            assert bureau.codes()["column-missing"] == 1
        agree_on(bureau, OTHER)
        alone(bureau, INCAPACITY, status="green", received=3)
        body.state(FOUR[3], day=7)
        alone(bureau, INCAPACITY, status="green", received=2)
    assert {who.number for who in FOUR} <= bureau.active()
    assert bureau.codes()["column-missing"] == 0


def test_a_broken_record_of_an_increment_is_said_and_asked_for_every_night_until_it_is_whole(bureau: Bureau) -> None:
    body = Changes()
    with answering(body) as served:
        by_changes(bureau, served.url)
        body.state(FOUR[0], day=1)
        body.records[FOUR[0].number]["能力等级"] = ["重度失能"]
        body.state(FOUR[1], day=3)
        alone(bureau, INCAPACITY, received=2, admitted=1, held=1)
        body.state(FOUR[2], day=5)
        alone(bureau, INCAPACITY, received=3, admitted=2, held=1)
        assert bureau.codes()["line-broken"] == 1
        body.state(FOUR[0], day=1)
        alone(bureau, INCAPACITY, status="green", received=3, admitted=3)
        alone(bureau, INCAPACITY, status="green", received=1)
    assert {who.number for who in FOUR[:3]} <= bureau.active()
    assert bureau.codes()["line-broken"] == 0


def test_an_increment_whose_night_ended_before_it_was_taken_is_asked_for_again(bureau: Bureau) -> None:
    body = Changes()
    with answering(body) as served:
        by_changes(bureau, served.url)
        body.state(FOUR[0], day=1)
        body.state(FOUR[1], day=2)
        bureau.set_rule('password_secret = "agreed"', file=f"sources/{INCAPACITY}.toml")
        alone(bureau, INCAPACITY, status="red")  # received, and not taken
        secret(bureau, "agreed", "word")
        body.state(FOUR[2], day=3)
        alone(bureau, INCAPACITY, status="green", received=3)
    assert {who.number for who in FOUR[:3]} <= bureau.active()


def test_changes_of_another_interface_are_asked_for_from_the_beginning(bureau: Bureau) -> None:
    trial, real = Changes(), Changes()
    trial.state(FOUR[0], day=20)
    real.state(FOUR[1], day=2)
    with answering(trial) as served:
        by_changes(bureau, served.url)
        alone(bureau, INCAPACITY, status="green", received=1)
    with answering(real) as served:
        by_changes(bureau, served.url)
        alone(bureau, INCAPACITY, status="green", received=1)
    assert FOUR[1].number in bureau.active()


def test_an_increment_dropped_by_hand_that_was_refused_waits_beside_later_ones(bureau: Bureau) -> None:
    over(bureau, INCAPACITY, '[channel]\nkind = "folder"\nsettle_seconds = 0\n', delivers="incremental")
    early, late = called(OTHER, record(FOUR[0])), record(FOUR[1])
    bureau.deliver(INCAPACITY, [early], "1.csv")  # type: ignore[list-item]
    bureau.deliver(INCAPACITY, [late], "2.csv")  # type: ignore[list-item]
    for _ in range(2):
        bureau.night(expect="yellow")
        assert bureau.codes()["column-missing"] == 1
    assert FOUR[0].number not in bureau.active()
    assert FOUR[1].number in bureau.active()
    agree_on(bureau, OTHER)
    bureau.night()
    assert {FOUR[0].number, FOUR[1].number} <= bureau.active()


def test_an_older_increment_read_later_does_not_outdo_a_newer_statement(bureau: Bureau) -> None:
    over(bureau, INCAPACITY, '[channel]\nkind = "folder"\nsettle_seconds = 0\n', delivers="incremental")
    early = called(OTHER, record(FOUR[0], 能力等级="轻度失能"))
    bureau.deliver(INCAPACITY, [early], "1.csv")  # type: ignore[list-item]
    bureau.night(expect="yellow")
    bureau.deliver(INCAPACITY, [record(FOUR[0])], "2.csv")  # type: ignore[list-item]
    bureau.night(expect="yellow")
    agree_on(bureau, OTHER)
    summary = bureau.night()
    assert funnel(summary["sources"][INCAPACITY]) == (1, 0, 0, 1, 0)
    assert bureau.elders()[FOUR[0].number]["ability_level"] == "3"


def test_a_refused_file_that_was_taken_out_and_comes_again_is_read_again(bureau: Bureau) -> None:
    row = called(OTHER, record(FOUR[0]))
    path = bureau.deliver(INCAPACITY, [row])  # type: ignore[list-item]
    bureau.night(expect="yellow")
    path.unlink()
    bureau.night(expect="green")
    path = bureau.deliver(INCAPACITY, [row])  # type: ignore[list-item]
    bureau.night(expect="yellow")
    assert bureau.codes()["column-missing"] == 1
    path.unlink()
    bureau.night(expect="green")
    agree_on(bureau, OTHER)
    bureau.deliver(INCAPACITY, [row])  # type: ignore[list-item]
    bureau.night()
    assert FOUR[0].number in bureau.active()


def test_an_increment_whose_night_ended_before_it_was_taken_counts_though_its_file_is_gone(bureau: Bureau) -> None:
    over(bureau, INCAPACITY, '[channel]\nkind = "folder"\nsettle_seconds = 0\n', delivers="incremental")
    bureau.set_rule('password_secret = "agreed"', file=f"sources/{INCAPACITY}.toml")
    path = bureau.deliver(INCAPACITY, [record(FOUR[0])])  # type: ignore[list-item]
    alone(bureau, INCAPACITY, status="red")
    path.unlink()
    secret(bureau, "agreed", "word")
    bureau.deliver(INCAPACITY, [record(FOUR[1])])  # type: ignore[list-item]
    alone(bureau, INCAPACITY, status="green", deliveries=2, received=2)
    assert {who.number for who in FOUR[:2]} <= bureau.active()


def test_a_refused_pull_is_asked_for_again_beside_a_file_that_was_taken(bureau: Bureau) -> None:
    body = Changes()
    with answering(body) as served:
        by_changes(bureau, served.url)
        body.state(FOUR[0], day=1)
        alone(bureau, INCAPACITY, status="green", received=1)
        body.level = OTHER
        body.state(FOUR[1], day=3)
        path = bureau.deliver(INCAPACITY, [record(FOUR[2])])  # type: ignore[list-item]
        os.utime(path, (1_700_000_000, 1_700_000_000))
        bureau.night(expect="yellow")
        assert served.asked[-1].query["since"] == "2024-06-01 11:00:00"
        body.level = "能力等级"
        bureau.night(expect="green")
        assert served.asked[-1].query["since"] == "2024-06-01 11:00:00"
        bureau.night(expect="green")
        assert served.asked[-1].query["since"] == "2024-06-03 11:00:00"
    assert {who.number for who in FOUR[:3]} <= bureau.active()


def test_while_a_server_is_away_a_file_dropped_by_hand_is_the_list_and_the_failure_is_said(bureau: Bureau) -> None:
    with answering(pages_of([record(who) for who in FOUR[:2]])) as served:  # type: ignore[arg-type]
        by_rest(bureau, served.url)
    rows = [{name: str(value) for name, value in record(who).items()} for who in FOUR]
    path = bureau.deliver(INCAPACITY, rows)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    line = alone(bureau, INCAPACITY, status="yellow", received=4, admitted=4)
    assert "已采用手工放入的文件" in str(line["message"])
    assert {who.number for who in FOUR} <= bureau.active()
    path.unlink()
    alone(bureau, INCAPACITY, status="red")
    assert {who.number for who in FOUR} <= bureau.active()
