"""Autobahn's cases, for this transport and for aiohttp's client."""
