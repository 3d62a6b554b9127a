"""Configuration: a YAML file, or one site from the environment.

``load`` reads and checks everything, and is the only maker of a ``Config``::

    load ─► document, variables ─► tree ─► section ─► sites, login ─► model
            (YAML, environment)           (a mapping)  (every key)    (frozen)

``values`` and ``addresses`` read single values, ``secret`` keeps what must not be shown,
``problems`` collects what is wrong, with its place, and ``exposure`` says who else may read it.
``web``, with ``web_tls`` and ``ciphers``, is the reader of another file, that of the pages.
"""

from exporter.config.load import load
from exporter.config.model import (
    BasicAuth,
    Config,
    DepartmentCredential,
    Departments,
    Limits,
    Site,
    Statuses,
    TLSConfig,
    Waiting,
)
from exporter.config.problems import ConfigError
from exporter.config.secret import Credential, Secret

__all__ = [
    "BasicAuth",
    "Config",
    "ConfigError",
    "Credential",
    "DepartmentCredential",
    "Departments",
    "Limits",
    "Secret",
    "Site",
    "Statuses",
    "TLSConfig",
    "Waiting",
    "load",
]
