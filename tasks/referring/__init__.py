"""Referring: from a decision to a sealed package at each desk, and what comes back."""
