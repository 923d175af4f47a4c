"""Lists as text: encoding, delimiter, lines and records, each line accounted for."""
