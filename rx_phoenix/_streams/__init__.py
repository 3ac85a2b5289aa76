"""The sources behind every stream: hot, isolating, in order, on one loop."""
