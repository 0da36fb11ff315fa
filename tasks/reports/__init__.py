"""Reports: what comes in, parsed, validated and taken in."""
