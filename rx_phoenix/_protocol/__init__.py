"""Phoenix's protocol as pure values: no I/O, no clock, no chance."""
