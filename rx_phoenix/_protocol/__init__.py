"""Phoenix's protocol as pure values, without I/O, clock or randomness."""
