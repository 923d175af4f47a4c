"""An office program prints a return letter on one page, however much there is to say."""

import shutil
import subprocess
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from reports.return_letter import write_return_letter
from reports.return_letter_words import PROBLEM_COLUMNS, ReturnLetter
from schemas.findings import CATALOGUE

OFFICE = shutil.which("soffice")


def longest_problems() -> pd.DataFrame:
    """A sender's kinds of problems, those with the most to say first."""
    rules = sorted((r for r in CATALOGUE.values() if r.owner == "sender"), key=lambda r: -len(r.remedy))
    return pd.DataFrame([(r.label, 1234, 321, True, r.remedy) for r in rules], columns=list(PROBLEM_COLUMNS))


@pytest.mark.skipif(OFFICE is None, reason="no office program on this machine")
def test_the_fullest_letter_is_one_page(tmp_path: Path) -> None:
    assert OFFICE is not None
    letter = ReturnLetter(
        office="梅州市梅县区民政和人力资源社会保障局", reference="梅县民数退〔2026〕第1234号", addressee="梅县区残疾人联合会",
        source_label="持证残疾老年人名单", deliveries=["名单" * 16 + ".xlsx", "名单.xlsx"], business_date=date(2026, 12, 29),
        rows=12345, problems=longest_problems(), due_on=date(2027, 1, 14), working_days=10, is_provisional=True,
        made_on=date(2026, 12, 30), attachments=["名单" * 16 + ".xlsx"] * 2, contact="办公室", telephone="0753-0000000",
        again=[(times, 321) for times in range(2, 6)], vanished=321,
    )  # fmt: skip
    document, _ = write_return_letter(letter, tmp_path, "letter")
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    asked = [OFFICE, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(document)]
    subprocess.run(asked, check=True, capture_output=True, timeout=180)
    assert (tmp_path / "letter.pdf").read_bytes().count(b"/Type/Page/") == 1
