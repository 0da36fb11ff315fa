"""Reference models: made on this machine, from weights that packages ship, or that were trained by a program here."""
