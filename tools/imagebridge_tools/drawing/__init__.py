"""Lines, letters and colours on pictures."""
