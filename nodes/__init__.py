"""What nodes do, by family."""
