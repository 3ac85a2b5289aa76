"""Virtual time: a scheduler, an event loop and timers that tests advance."""
