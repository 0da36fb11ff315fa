"""Routing tables: who receives reports, as data with effective dates."""
