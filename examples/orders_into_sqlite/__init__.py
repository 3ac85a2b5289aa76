"""Orders into SQLite, each exactly once, whatever is killed."""
