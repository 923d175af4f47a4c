"""The outside world: where deliveries come from (folders and the files in them) and where changes go (platform workbooks)."""
