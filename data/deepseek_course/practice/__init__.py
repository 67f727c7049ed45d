"""Exercises: what they ask, how an answer is read and judged, and what is said of it."""
