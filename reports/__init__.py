"""What people read: the night's HTML page and the lists that go to spreadsheets."""
