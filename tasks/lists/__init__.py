"""Lists of known hashes: read and written in the formats in which they are exchanged, and governed."""
