"""History: twenty years of simulated reports, metadata alone, from the numbers that the paper prints."""
