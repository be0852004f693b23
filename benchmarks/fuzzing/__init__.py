"""Hostile files for `benchmarks.fuzz`: good ones, what is done to them, and who reads them."""
