"""Benchmarks: ours, and beside the peers where they are installed; each prints what it measured on."""
