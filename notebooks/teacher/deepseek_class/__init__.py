"""The teacher's and the maintainers' tools: building the lessons, handing out, collecting, marking, reporting."""
