"""A small trading desk, and how its tests live through outages in no time.

Run the tests as your own: ``pytest examples/testing_your_client``.
"""
