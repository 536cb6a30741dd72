"""Nodes that read faces."""
