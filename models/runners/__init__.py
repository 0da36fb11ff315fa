"""Runners: what a model of each role is asked, and how its answer is read."""
