"""Nodes that build, pose and skin a puppet."""
