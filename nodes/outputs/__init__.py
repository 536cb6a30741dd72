"""Nodes that show or write what was drawn."""
