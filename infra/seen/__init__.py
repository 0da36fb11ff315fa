"""What was seen: of every file ever reported when first, when last, and in how many reports."""
