"""What nbgrader does not do when it hands out and marks this course, one preprocessor a file.

opening reads what was handed in, restoring puts the teacher's cells back, running keeps what ran before a kernel ended,
judging judges the answers outside the kernel, defusing takes the scripts out of what learners wrote; clearing makes a
release. nbgrader_config.py puts them in their places.
"""
