"""A look at a file nobody has agreed on yet: format, sheets, columns, a few rows."""
