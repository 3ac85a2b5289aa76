"""A cache of a server's rows, and its simulation."""
