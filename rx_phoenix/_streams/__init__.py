"""Hot sources that isolate observers and keep events in order, on one loop."""
