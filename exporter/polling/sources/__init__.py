"""The sources: what a poll asks of WHMCS, and how the answers become readings.

One file a source. Each is made by ``app`` and polled by its own ``Poller``.
"""
