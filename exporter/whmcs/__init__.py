"""WHMCS's API on the wire: one POST per action, strict decoding, typed errors.

Nothing in here knows when to call, what is published, or how the exporter is configured.
"""
