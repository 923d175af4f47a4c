"""Blank forms and lists for those who fill them in: 附件1 for Word and for spreadsheets, and the list as a workbook.

What is written here is read back by ``connectors.reading``; tests fill each of them and read it.

* ``form_layout``: the rows of 附件1, once. ``form_document`` and ``form_workbook`` lay them out.
* ``roster_workbook``: a source's list with its headers, drop-downs and checks (``cell_checks``).
"""

from connectors.templates.form_document import write_form_docx
from connectors.templates.form_workbook import write_form_xlsx
from connectors.templates.roster_workbook import write_roster_xlsx

__all__ = ["write_form_docx", "write_form_xlsx", "write_roster_xlsx"]
