"""Evaluation: how good a model is where the truth is known, how sure that is, and whether it may replace another.

Arrays in, values out; what every number is stands in docs/reference/evaluation.md.
"""
