"""Measuring: the paper's figures and tables, from the archive."""
