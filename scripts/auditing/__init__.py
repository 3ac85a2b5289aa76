"""Whether anything that is installed is known to be unsafe."""
