"""Blank templates for those who send lists: the registration form 附件1, and a roster in a source's own headers."""

import os
from pathlib import Path
from typing import Any

from connectors.templates.form_document import write_form_docx
from connectors.templates.form_workbook import write_form_xlsx
from connectors.templates.roster_workbook import write_roster_xlsx
from schemas.configuration import Configuration, load_configuration
from schemas.errors import ConfigurationInvalid

__all__ = ["FORM", "write_templates"]

FORM = "附件1"
_SURVEY = "village_survey"


def write_templates(config: Path, name: str, to: Path) -> dict[str, Any]:
    """Writes the blank form of 附件1 as ``.docx`` and ``.xlsx`` with its roster, or the roster of a source.

    Args:
        config: the configuration in force; headers, codes and division names come from it.
        name: ``附件1``, or the name of a source.
        to: the folder to write into; made if it is not there.

    Returns:
        ``files``, the paths written.

    Raises:
        ConfigurationInvalid: there is no such template, or the folder cannot be written.
    """
    configuration = load_configuration(config)
    if name != FORM and name not in configuration.sources:
        raise ConfigurationInvalid(f"there is no template {name}; known: {FORM}, {', '.join(configuration.sources)}")
    os.umask(0o077)
    try:
        to.mkdir(parents=True, exist_ok=True)
        files = _form_files(configuration, to) if name == FORM else [_roster(configuration, name, to)]
    except OSError as error:
        problem = error.strerror or type(error).__name__
    else:
        return {"files": [str(path) for path in files]}
    raise ConfigurationInvalid(f"{to}: the templates cannot be written there: {problem}")


def _form_files(configuration: Configuration, to: Path) -> list[Path]:
    area = _area(configuration)
    document, workbook = to / "附件1_基本信息登记表.docx", to / "附件1_基本信息登记表.xlsx"
    write_form_docx(document, area=area)
    write_form_xlsx(workbook, area=area)
    roster = [_roster(configuration, _SURVEY, to)] if _SURVEY in configuration.sources else []
    return [document, workbook, *roster]


def _roster(configuration: Configuration, source: str, to: Path) -> Path:
    path = to / f"{source}_名册模板.xlsx"
    write_roster_xlsx(path, configuration.sources[source], divisions=configuration.divisions)
    return path


def _area(configuration: Configuration) -> str:
    """The bureau's county with its city, as the form's title has it: 梅州市梅县区."""
    county = configuration.bureau.county
    found = next((d for d in configuration.divisions if d.level == 3 and d.name == county and not d.replaced_by), None)
    city = next((d.name for d in configuration.divisions if found and d.code == found.parent_code), "")
    return f"{city}{county}"
