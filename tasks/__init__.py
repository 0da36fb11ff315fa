"""The steps: pure functions first, then the thin batch step that runs them."""
