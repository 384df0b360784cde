"""Reads what other systems stored, and writes it in their form."""
