"""Clustering: what belongs together, under names that stay."""
