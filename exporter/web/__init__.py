"""The exporter over HTTP: ``/metrics``, the landing page, the probes."""
