"""One learner's kernel in a sandbox of its own."""
