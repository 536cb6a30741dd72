"""Nodes that make depth maps."""
