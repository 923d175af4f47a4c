"""The doctor asks each source's server whether it is there and lets us in, and takes nothing."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from foreign_databases import Database
from rest_server import Asked, Reply, answering, envelope
from sftp_server import PASSWORD, SftpHouse, key_pair, public_line, sftp_house

from connectors.database.look import look_at_view
from connectors.rest.look import look_at_records
from connectors.sftp.look import look_at_folder
from schemas.channel_rest import RestChannel
from schemas.channels import DatabaseChannel
from schemas.errors import SourceNotBelieved, SourceRefusesUs, SourceUnavailable

pytest_plugins = ["database_fixtures"]

NO_KEY: dict[str, None] = {"private_key": None, "passphrase": None}


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    folder = tmp_path / "root" / "lists"
    folder.mkdir(parents=True)
    return folder


def look(house: SftpHouse, password: str = PASSWORD, **settings: object) -> int:
    return look_at_folder(house.channel(**settings), password=password, **NO_KEY)


def test_a_folder_is_listed_and_no_file_is_opened(lists: Path) -> None:
    (lists / "甲.csv").write_text("姓名")
    (lists / "乙.csv.part").write_text("姓")
    with sftp_house(lists.parent) as house:
        assert look(house) == 1
        assert (house.opened, house.changes, house.bytes_sent) == ([], [], 0)


def test_a_server_that_does_not_let_us_in_or_is_another_refuses_us(lists: Path) -> None:
    with sftp_house(lists.parent) as house:
        with pytest.raises(SourceRefusesUs, match="does not accept"):
            look(house, "another")
        with pytest.raises(SourceRefusesUs, match="not pinned"):
            look(house, host_keys=(public_line(key_pair(number=7)),))
        with pytest.raises(SourceRefusesUs, match="no such folder"):
            look(house, folder="/elsewhere")


def channel(database: Database, **changes: Any) -> DatabaseChannel:
    values = {"kind": "database", "url_secret": "view", "view": "share.elders", "key_columns": ["id"]}
    return DatabaseChannel.model_validate(values | changes)


def test_a_view_is_looked_at_without_a_row(database: Database) -> None:
    database.run("CREATE TABLE share.elders (id integer, name varchar(20))", "INSERT INTO share.elders VALUES (1, 'x')")
    assert look_at_view(channel(database), url=database.url, name="health") == 2
    with pytest.raises(SourceRefusesUs, match="health: the view has no column number"):
        look_at_view(channel(database, key_columns=["number"]), url=database.url, name="health")
    with pytest.raises(SourceRefusesUs):
        look_at_view(channel(database, view="share.nobody"), url=database.url, name="health")


def test_an_account_that_could_write_is_refused_unless_that_is_agreed(at_postgresql: Database) -> None:
    at_postgresql.run(
        "CREATE TABLE share.elders (id integer)", f"GRANT INSERT ON share.elders TO {at_postgresql.account}"
    )
    with pytest.raises(SourceRefusesUs, match="could write there"):
        look_at_view(channel(at_postgresql), url=at_postgresql.url, name="health")
    agreed = channel(at_postgresql, allow_write_account=True)
    assert look_at_view(agreed, url=at_postgresql.url, name="health") == 1


def test_a_database_that_is_away_is_told_without_its_address() -> None:
    away = DatabaseChannel.model_validate(
        {"kind": "database", "url_secret": "view", "view": "share.elders", "key_columns": ["id"]}
    )
    with pytest.raises(SourceUnavailable) as told:
        look_at_view(away, url="postgresql://u:canary@127.0.0.1:1/x", name="health")
    assert "canary" not in str(told.value)


def rest(url: str, **changes: Any) -> RestChannel:
    values = {
        "kind": "rest", "base_url": url, "path": "/elders", "allow_plain_http_on_loopback": True,
        "paging": {"kind": "page", "parameter": "pageNum", "size_parameter": "pageSize", "size": 2},
        "envelope": {"records": "data.list", "success": [{"path": "code", "values": [200]}], "total": "data.total"},
    }  # fmt: skip
    return RestChannel.model_validate(values | changes)


def ask(url: str, **changes: Any) -> int:
    return look_at_records(rest(url, **changes), secrets={}, name="health", now=lambda: datetime.now(UTC))


def test_one_page_is_asked_for_once() -> None:
    with answering(lambda _: envelope([{"id": 1}, {"id": 2}], total=9)) as served:
        assert ask(served.url) == 2
        assert [asked.query for asked in served.asked] == [{"pageNum": "1", "pageSize": "2"}]


@pytest.mark.parametrize(("reply", "error"), [
    (Reply(503), SourceUnavailable), (Reply(403), SourceRefusesUs), (Reply(200, b"<html>"), SourceNotBelieved),
], ids=["busy", "not us", "a web page"])  # fmt: skip
def test_what_is_not_as_agreed_is_told_after_one_try(reply: Reply, error: type[Exception]) -> None:
    tried: list[Asked] = []

    def script(asked: Asked) -> Reply:
        tried.append(asked)
        return reply

    with answering(script) as served, pytest.raises((error, SourceUnavailable)):
        ask(served.url)
    assert len(tried) == 1
