"""Fingerprints: exact digests for lookup, perceptual bits for near-duplicates."""
