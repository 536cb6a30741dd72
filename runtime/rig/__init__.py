"""Rigs: built for themselves, without a driver, and pointed out by hand."""
