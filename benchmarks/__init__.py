"""Measurements: each prints a table and writes JSON or Markdown; none of them is a test."""
