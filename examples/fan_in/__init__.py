"""Several workers that share topics, and write their events into one stream of NATS."""
