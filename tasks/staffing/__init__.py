"""How long reports wait for the first look, by who looks at them when, and in which order."""
