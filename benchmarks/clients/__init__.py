"""One module a client, each of which runs in a process of its own."""
