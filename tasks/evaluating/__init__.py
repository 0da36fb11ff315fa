"""Evaluating: what was measured of models as pages that people can read, and as tables."""
