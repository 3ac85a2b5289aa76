"""How fast the client is, against the floor that it stands on and against its peers."""
