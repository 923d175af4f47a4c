"""The command ``simulate-province``: says where it listens, serves until it is told to end, and names nobody."""

import json
import resource
import signal
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from province_client import TOKEN, Client, id_number_of, item_of, raw_request
from province_fixtures import people, province

from simulator.province.ledger_view import open_view

UPSERT = "/ebus/elders/upsert"


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    with province(tmp_path_factory.mktemp("province")) as running:
        yield running


class Command:
    """The command in a process of its own."""

    def __init__(self, home, *more, is_json=True):
        command = [sys.executable, "-m", "flows.cli", "simulate-province", "--home", str(home), "--token", TOKEN, *more]
        self.process = subprocess.Popen(
            [*command, *(["--json"] if is_json else [])], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def end(self, number=signal.SIGINT):
        """Everything it said further, and its exit code."""
        self.process.send_signal(number)
        said, complained = self.process.communicate(timeout=20)
        return said, complained, self.process.returncode


def test_the_command_serves_until_ctrl_c_and_names_nobody(tmp_path):
    rehearsal = tmp_path / "rehearsal.toml"
    rehearsal.write_text('[[faults]]\nkind = "reset"\nmoment = "after"\n')
    command = Command(tmp_path / "home", "--port", "0", "--faults", str(rehearsal))
    facts = json.loads(command.process.stdout.readline())
    port = int(facts["url"].rpartition(":")[2])
    everyone = people(3)
    batch = {"batch": "张三的批次", "items": [*map(item_of, everyone[:2]), item_of(everyone[2], 姓名="")]}
    with closing(raw_request(port, batch)) as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)
    with Client(port) as client:
        assert client.send(UPSERT, batch).status == 200
        assert client.query(id_numbers=[id_number_of(everyone[0])]).status == 200
        client.send(UPSERT, batch, {})
    said, lines, code = command.end()
    assert (said, code) == ("", 0)
    first, second, third, fourth = (line.split("  ", 1)[1] for line in lines.splitlines())
    assert first == "第1次  报送  3项：受理2，退回1，处理中0  HTTP 200  故障：连接中断（生效后）"
    assert second == "第2次  报送  3项：受理2，退回1，处理中0  其中2项此前已收到  HTTP 200"
    assert (third, fourth) == ("第3次  查询  HTTP 200", "第4次  拒收  HTTP 500")
    for personal in ("测试", "张三", id_number_of(everyone[0]), "1101"):
        assert personal not in lines
    ledger = tmp_path / "home/simulated-province/ledger.sqlite"
    assert facts["ledger"] == str(ledger)
    assert stat.S_IMODE(ledger.stat().st_mode) == 0o600
    assert stat.S_IMODE(ledger.parent.stat().st_mode) == 0o700


def test_the_command_says_where_it_listens_and_what_to_use(tmp_path):
    command = Command(tmp_path, "--port", "0", "--chance", "0.2", "--ledger", str(tmp_path / "l"), is_json=False)
    lines = [command.process.stdout.readline() for _ in range(9)]
    said, complained, code = command.end(signal.SIGTERM)
    shown = "".join(lines)
    for words in (
        "不是真实平台",
        "http://127.0.0.1:",
        "example",
        f"elders  密钥 {TOKEN}",
        "按概率20%",
        str(tmp_path / "l"),
    ):
        assert words in shown
    assert (lines[-1], said, complained, code) == ("按 Ctrl-C 结束\n", "", "", 0)


@pytest.mark.parametrize(("more", "said"), [
    (["--faults", "none.toml"], "none.toml: not readable"), (["--chance", "2"], "--chance is a number from 0 to 1"),
    (["--chance", "0.1", "--faults", "none.toml"], "exclude each other"), (["--port", "{taken}"], "port {taken}: Address already"),
], ids=["no file", "no share", "both", "port taken"])  # fmt: skip
def test_what_cannot_be_is_told_in_one_line(platform, tmp_path, more, said):
    more, said = ([text.format(taken=platform.port) for text in texts] for texts in (more, [said]))
    command = Command(tmp_path, *more)
    _, complained = command.process.communicate(timeout=30)
    assert command.process.returncode == 2
    assert said[0] in complained
    assert len(complained.splitlines()) == 1


def test_a_full_disk_is_told_without_a_word_of_a_person_and_nobody_is_answered(tmp_path):
    command = Command(tmp_path, "--port", "0")
    facts = json.loads(command.process.stdout.readline())
    resource.prlimit(command.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
    (person,) = people(1)
    with closing(
        raw_request(int(facts["url"].rpartition(":")[2]), {"batch": "b", "items": [item_of(person)]})
    ) as connection:
        assert connection.recv(1) == b""
    _, lines, code = command.end()
    assert code == 0
    assert "意外错误：OperationalError at simulator/province/" in lines
    assert "测试" not in lines
    with open_view(Path(facts["ledger"])) as view:
        assert view.effects() == []


def test_nobody_else_on_the_network_reaches_it(platform):
    ours = {str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [row[1].split(":") for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in ours]
    ports = {platform.port, platform.admin_port, platform.trap_port}
    assert {int(port, 16) for _, port in listening} >= ports
    assert {address for address, port in listening if int(port, 16) in ports} == {"0100007F"}
