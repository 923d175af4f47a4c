"""The elder registry: its PostgreSQL tables and migrations, bulk loads, the run ledger, and what is asked of them."""
