"""Snapshots to Prometheus's text: the table of families, and bytes kept until they change."""
