"""Benchmarks: each measures Vivant beside a reference, in the same run."""
