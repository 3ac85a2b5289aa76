"""Checks for what a test left behind: leases, timers and unhandled errors."""
