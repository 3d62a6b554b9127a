"""Where each page is; the metrics' own path is configured, and can be none of these."""

PROBE = "/probe"
DISCOVERY = "/sd"
LANDING = "/"
SITES = "/api/v1/sites"
HEALTHY = ("/-/healthy", "/healthz")
READY = ("/-/ready", "/readyz")
RELOAD = "/-/reload"
STATIC = "/static/"

_TAKEN = {PROBE, DISCOVERY, LANDING, SITES, *HEALTHY, *READY, RELOAD}


def is_taken(path: str) -> bool:
    """Tell whether a path belongs to something else than the metrics."""
    return path in _TAKEN or path.startswith(STATIC)
