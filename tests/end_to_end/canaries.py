"""Made-up words and numbers that must not turn up anywhere but in a few stores, and finding them in every disguise."""

import base64
import json
import sqlite3
import threading
import urllib.parse
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from made_up_lists import id_number

__all__ = ["CANARIES", "Canaries", "command_lines", "contents", "disguises", "found_in"]

_RARE = "龘靐齉龗齾爩鱻麤龖灪厵滟爨癵驫骉饢鸜讟麣"


def _name(number: int) -> str:
    return _RARE[number % 20] + _RARE[(number * 7 + 3) % 20] + _RARE[(number * 3 + 11 + number // 20) % 20]


@dataclass(frozen=True)
class Canaries:
    """Sixty-odd texts, each used in one place only."""

    names: tuple[str, ...] = tuple(map(_name, range(10)))
    relatives: tuple[str, ...] = tuple(map(_name, range(20, 28)))
    numbers: tuple[str, ...] = tuple(id_number(f"44142119330{3 + place % 6}1{place}77{place}") for place in range(10))
    wrong_numbers: tuple[str, ...] = (
        "441421193408088881", "4414211934080888", "441421341380999", "44142119341308777X", "44142I193408086660",
        "4.4142119340807E17",
    )  # fmt: skip
    phones: tuple[str, ...] = tuple(f"1997{place}13{place}57{place}" for place in range(10))
    wrong_phones: tuple[str, ...] = ("1997-0864-2", "二五八九一二三四", "199 7086 4209 7531")
    certificates: tuple[str, ...] = tuple(
        id_number(f"44142119350{3 + place}0{place + 1}66{place}") + "41" for place in range(3)
    )
    addresses: tuple[str, ...] = ("鹩哥巷捌拾捌号", "鸬鹚弄柒号之叁", "鹡鸰坊玖拾玖号", "鹞鹰里肆号后座")
    illnesses: tuple[str, ...] = ("脊髓小脑萎缩症", "肌萎缩侧索硬化", "成骨不全症三型", "重型再生障碍性贫血")
    misplaced: tuple[str, ...] = ("爨麤讟", "骉饢鸜", "癵驫龘", "滟灪厵")
    headers: tuple[str, ...] = ("麣讟氏病历号", "鱻爩氏备用电话")
    file_names: tuple[str, ...] = ("龖龗氏", "齾齉氏")
    parts: tuple[str, ...] = ("靐龘秘密",)
    unknown_number: str = id_number("44142119360909909")

    @property
    def identifying(self) -> tuple[str, ...]:
        """Names, numbers, telephones and certificates from cells: no report may show them whole."""
        return (
            *self.names, *self.relatives, *self.numbers, *self.wrong_numbers, *self.phones, *self.wrong_phones,
            *self.certificates, *self.misplaced,
        )  # fmt: skip

    @property
    def all(self) -> tuple[str, ...]:
        # The middle of a number is its birth date and order, which masking hides.
        middles = tuple(number[4:-4] for number in (*self.numbers, *self.certificates))
        return (
            *self.identifying, *self.addresses, *self.illnesses, *self.headers, *self.file_names, *self.parts,
            self.unknown_number, *middles,
        )  # fmt: skip


CANARIES = Canaries()


def disguises(canary: str) -> set[bytes]:
    """The bytes a text may have become: encodings, escapes, URL and base64 (at each of three places), lower case."""
    texts = {canary, canary.lower()}
    found: set[bytes] = set()
    for text in texts:
        raw = text.encode()
        found |= {raw, text.encode("gb18030"), text.encode("utf-16-le"), text.encode("utf-16-be")}
        found |= {json.dumps(text)[1:-1].encode(), repr(raw)[2:-1].encode(), ascii(text)[1:-1].encode()}
        quoted = urllib.parse.quote(text, safe="")
        found |= {quoted.encode(), quoted.lower().encode(), raw.hex().encode()}
        for shift in range(3):
            padded = b"\0" * shift + raw
            whole = len(padded) // 3 * 3  # what follows would change the last characters
            first = {0: 0, 1: 2, 2: 3}[shift]  # what came before changed these
            found |= {encode(padded[:whole])[first:] for encode in (base64.b64encode, base64.urlsafe_b64encode)}
    return found


_DISGUISES = {canary: disguises(canary) for canary in CANARIES.all}


def found_in(named: Iterable[tuple[str, bytes]], canaries: Iterable[str] = CANARIES.all) -> set[tuple[str, str]]:
    """Where which canaries are: pairs of a place's name and the canary."""
    wanted = {canary: _DISGUISES[canary] for canary in canaries}
    return {
        (place, canary)
        for place, content in named
        for canary, forms in wanted.items()
        if any(form in content for form in forms)
    }


def contents(folder: Path, *, without: Iterable[Path] = ()) -> Iterator[tuple[str, bytes]]:
    """Names and contents of all files below a folder; of databases of SQLite also what they say, of archives what is in them.

    Names are told also of files whose contents are left out, and of folders.
    """
    excluded = [path.resolve() for path in without]
    for path in sorted(folder.rglob("*")):
        yield f"name of {path.parent}", str(path.relative_to(folder)).encode("utf-8", "surrogateescape")
        if path.is_symlink() or not path.is_file() or any(path.resolve().is_relative_to(other) for other in excluded):
            continue
        raw = path.read_bytes()
        yield str(path), raw
        if raw.startswith(b"SQLite format 3\0"):
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
                yield f"{path} (dumped)", "\n".join(database.iterdump()).encode()
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield from ((f"{path}/{name}", archive.read(name)) for name in archive.namelist())


@contextmanager
def command_lines() -> Iterator[set[bytes]]:
    """The command lines of every process seen while the block lasts."""
    seen: set[bytes] = set()
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.01):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(path.read_bytes())
                except OSError:
                    continue

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()
