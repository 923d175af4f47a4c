"""The present state on a terminal: Chinese lines keep their columns and are broken where they may be."""

import subprocess
import sys

import pytest

from flows.commands.print_status import _width, _wrapped, print_help, print_status
from flows.watching.cards import as_lines, card


def status(**changes: object) -> dict[str, object]:
    line = {
        "label": "收到",
        "total": 1234,
        "unit": "行",
        "parts": {"纳入": 1200, "暂缓": 33},
        "is_counted": True,
        "difference": 1,
    }
    found = {
        "headline": "● 黄  第 3 次运行", "active": None, "bill": [line, {**line, "label": "平台待结", "difference": 0}],
        "cards": as_lines([card("source-failed", "连不上", of="残疾人名册", source="disability_federation")]), "page": None,
    }  # fmt: skip
    return found | changes


def test_one_line_then_sums_then_cards(capsys: pytest.CaptureFixture[str]) -> None:
    print_status(status())
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "● 黄  第 3 次运行"
    sums = [line for line in lines if " = " in line]
    assert sums[0].endswith("1,234 行 = 纳入 1,200 + 暂缓 33  相差 1")
    assert sums[1].endswith("✓ 相符")
    assert len({_width(line.split(" = ")[0]) for line in sums}) == 1
    [title] = [line for line in lines if line.startswith("! ")]
    assert "〔网络〕" in title
    assert title.endswith("source-failed")
    assert "    命令    eldersync run --source disability_federation" in lines


def test_long_chinese_is_broken_into_lines_that_fit_and_nothing_is_lost() -> None:
    text = "确实不动的，停掉服务（正在做的阶段会回退），重新启动后执行 eldersync resume 运行编号。" * 3
    lines = _wrapped(text, 40)
    assert max(map(_width, lines)) <= 42  # a full stop hangs over
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not any(line.startswith(("，", "。", "）")) for line in lines)


def test_a_code_is_explained_in_lines(capsys: pytest.CaptureFixture[str]) -> None:
    print_help(
        {
            "code": "x",
            "kind": "状态卡片",
            "title": "标题",
            "owner": "我方",
            "meaning": "含义。",
            "todo": "做。",
            "command": "eldersync run",
        }
    )
    assert "谁的事  我方" in capsys.readouterr().out


def test_what_the_status_stands_on_loads_nothing_it_does_not_need() -> None:
    ask = "import sys, flows.cli, flows.accounts.inspect_runs; print([name for name in ('pandas', 'prefect', 'requests', 'flows.intake.take') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
