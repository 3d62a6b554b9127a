"""When to call WHMCS, and what of its answers becomes a reading.

Knows neither HTTP nor Prometheus: the client, the clock and the place where polls are published
are handed in.
"""
