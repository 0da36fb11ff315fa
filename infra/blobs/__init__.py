"""The blob store: bytes by content."""
