"""The ledger: what is true, in SQL."""
