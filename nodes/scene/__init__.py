"""Nodes that make scenes: pictures in depth, cut into layers."""
