"""Similarity search over fingerprints and embeddings."""
