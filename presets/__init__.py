"""Graphs that come with Vivant."""
