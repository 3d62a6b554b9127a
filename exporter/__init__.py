"""Prometheus exporter for the support desks of WHMCS.

The parts and the one direction in which they know each other::

    cli -> config -> app
                      |
       whmcs -> polling -> snapshots -> exposition -> web

``app`` is the only place where the parts meet.
"""

__version__ = "0.1.0"
