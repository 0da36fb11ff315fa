"""Checking: whether a model folder does what its contract and its card say, told in plain words."""
