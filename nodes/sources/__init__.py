"""Nodes that bring pictures and motion in."""
