"""What the data is: fields, code lists, ID numbers, findings, configuration, errors. The ground floor; it imports nothing above it."""
