"""Finished figures in: what a published text prints held against itself, and strands set side by side."""
