"""``eldersync simulate-province``: the stand-in for the provincial platform in the foreground, until it is told to end.

What it says is counts, in Chinese; who is in a batch is in its ledger only.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flows.unforeseen import place_of
from schemas.configuration import load_configuration
from schemas.errors import ConfigurationInvalid
from schemas.platform_profile import profile_in_force
from simulator.province.behaviour import Endpoint
from simulator.province.fault_script import Chance, FaultScript, Rehearsal, load_rehearsal
from simulator.province.faults import KINDS, Kind
from simulator.province.ledger_view import Seen
from simulator.province.server import ProvinceServer, ProvinceSettings

__all__ = ["TRIAL_TOKEN", "ProvinceOptions", "batch_line", "print_listening", "simulate_province"]

TRIAL_TOKEN = "trial-token"  # noqa: S105 - opens nothing but the stand-in
_ASKED = {
    Endpoint.UPSERT: "报送", Endpoint.WITHDRAW: "退出", Endpoint.QUERY: "查询", Endpoint.LIST: "分页", Endpoint.RECEIPTS: "回执",
}  # fmt: skip
_WHEN = {"before": "生效前", "half": "生效一半", "after": "生效后"}
_BATCHES = {Endpoint.UPSERT, Endpoint.WITHDRAW}


@dataclass(frozen=True, slots=True)
class ProvinceOptions:
    """What the command line says."""

    port: int
    ledger: Path | None
    faults: Path | None
    chance: float | None
    token: str


class _Readied(NamedTuple):
    settings: ProvinceSettings
    facts: dict[str, Any]


def simulate_province(
    home: Path, config: Path, options: ProvinceOptions, *,
    listening: Callable[[dict[str, Any]], None], say: Callable[[str], None],
) -> None:  # fmt: skip
    """Serves until SIGINT or SIGTERM.

    Args:
        home: where the ledger is kept unless another place is named.
        config: the configuration whose platform profile is in force.
        options: what the command line says.
        listening: told once where it listens and what to use.
        say: told a line for each request.

    Raises:
        ConfigurationInvalid: the profile, the rehearsal file, the ledger or the port cannot be used.
    """
    os.umask(0o077)
    readied = _readied(home.expanduser().resolve(), config, options, say)
    try:
        asyncio.run(_serve(readied, listening, say))
    except OSError as error:
        problem = os.strerror(error.errno) if error.errno else type(error).__name__
    else:
        return
    raise ConfigurationInvalid(f"port {options.port}: {problem}")


def batch_line(number: int, seen: Seen, zone: ZoneInfo) -> str:
    """A request in one line: when, what, how many and how they fared."""
    asked = _ASKED[Endpoint(seen.endpoint)] if seen.endpoint else "拒收"
    parts = [f"{datetime.fromtimestamp(seen.at, zone):%H:%M:%S}  第{number}次  {asked}"]
    if seen.endpoint in _BATCHES:
        parts.append(f"{seen.items}项：受理{seen.accepted}，退回{seen.rejected}，处理中{seen.processing}")
        if seen.known:
            parts.append(f"其中{seen.known}项此前已收到")
    parts.append(f"HTTP {seen.status}")
    if seen.fault:
        kind, _, moment = seen.fault.partition("/")
        parts.append(f"故障：{KINDS[Kind(kind)].words}（{_WHEN[moment]}）")
    return "  ".join(parts)


def print_listening(facts: dict[str, Any]) -> None:
    """Says where the stand-in listens and what a client has to use."""
    rows = {
        "地址": facts["url"],
        "接口": "  ".join(f"{_ASKED[Endpoint(name)]} {path}" for name, path in facts["paths"].items()),
        "格式": facts["profile"],
        "应用标识": f"{facts['paas_id']}  密钥 {facts['token']}",
        "台账": facts["ledger"],
        "故障": facts["faults"],
        "遥控": facts["admin_url"],
    }
    print("省级平台模拟器：供试用和测试，不是真实平台")  # noqa: T201
    for name, value in rows.items():
        print(f"  {name}  {value}")  # noqa: T201
    print("按 Ctrl-C 结束", flush=True)  # noqa: T201


def _readied(home: Path, config: Path, options: ProvinceOptions, say: Callable[[str], None]) -> _Readied:
    configuration = load_configuration(config)
    zone = ZoneInfo(configuration.bureau.timezone)
    profile = profile_in_force(configuration.folder, configuration.bureau.platform, datetime.now(zone).date())
    rehearsal = _rehearsal(options)
    ledger = (options.ledger or home / "simulated-province" / "ledger.sqlite").expanduser().resolve()
    count = 0

    def tell(seen: Seen) -> None:
        nonlocal count
        count += 1
        say(batch_line(count, seen, zone))

    settings = ProvinceSettings(
        profile=profile, ledger=ledger, token=options.token, clock=time.time, behaviour=rehearsal.behaviour,
        script=FaultScript(rehearsal.faults, rehearsal.chance), port=options.port, tell=tell,
    )  # fmt: skip
    facts = {
        "profile": f"{profile.name}：{profile.label}",
        "paas_id": rehearsal.behaviour.paas_id,
        "token": options.token,
        "ledger": str(ledger),
        "faults": _faults_in_words(rehearsal),
        "paths": {str(endpoint): path for endpoint, path in rehearsal.behaviour.paths.items()},
    }
    return _Readied(settings, facts)


def _rehearsal(options: ProvinceOptions) -> Rehearsal:
    if options.faults is not None and options.chance is not None:
        raise ConfigurationInvalid("--faults and --chance exclude each other; a file can say [chance] itself")
    if options.faults is not None:
        return load_rehearsal(options.faults)
    if options.chance is None:
        return Rehearsal()
    if not 0 <= options.chance <= 1:
        raise ConfigurationInvalid("--chance is a number from 0 to 1")
    return Rehearsal(chance=Chance(probability=options.chance))


def _faults_in_words(rehearsal: Rehearsal) -> str:
    scripted = sum(fault.times for fault in rehearsal.faults)
    words = [f"按脚本{scripted}次"] if scripted else []
    if rehearsal.chance:
        words.append(f"按概率{rehearsal.chance.probability:.0%}（种子{rehearsal.chance.seed}）")
    return "，".join(words) or "无"


def _unforeseen(context: dict[str, Any]) -> str:
    """What asyncio says of an error, without its text."""
    error = context.get("exception")
    return f"意外错误：{place_of(error) if error else '原因不明'}"


async def _serve(readied: _Readied, listening: Callable[[dict[str, Any]], None], say: Callable[[str], None]) -> None:
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: say(_unforeseen(context)))
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with ProvinceServer(readied.settings) as server:
        port, admin, _ = server.ports
        listening({"url": f"http://127.0.0.1:{port}", "admin_url": f"http://127.0.0.1:{admin}", **readied.facts})
        await ended.wait()
