"""A connection's life: attempts, heartbeats, reconnects and the routing of frames."""
