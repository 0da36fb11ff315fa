"""The servers of `breakwater up`, started and stopped together."""
