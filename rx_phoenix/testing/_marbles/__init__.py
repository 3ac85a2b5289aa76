"""Marble lanes: record streams, script the server, compare both."""
