"""Samplers for studies whose trials people compare."""
