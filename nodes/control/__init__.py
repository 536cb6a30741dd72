"""Nodes that decide who drives."""
