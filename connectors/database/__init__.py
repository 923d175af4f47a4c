"""Views in other bodies' databases: one pull is one delivery, read in a transaction that cannot write."""
