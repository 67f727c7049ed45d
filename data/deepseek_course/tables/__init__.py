"""The course's tables, and what reads, formats and reckons with them."""
