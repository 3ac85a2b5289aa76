"""``rx-phoenix demo``: this machine's figures, live, through a channel."""
