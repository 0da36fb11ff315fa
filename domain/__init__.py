"""The vocabulary and the rules, in the standard library only."""
