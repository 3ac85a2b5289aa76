"""A live dashboard of this machine's figures, sent over a Phoenix channel."""
