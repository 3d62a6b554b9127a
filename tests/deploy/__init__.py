"""Deployments: what the files beneath deploy/ do where they are meant to run."""
