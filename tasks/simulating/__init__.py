"""Simulating: a small clearinghouse's inbox of made-up reports and benign media, with the truth beside it."""
