"""Draws lines, letters and colours on pictures."""
