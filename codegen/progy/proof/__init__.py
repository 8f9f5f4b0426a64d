"""Showing that a migration is right: rows that fit, rows that don't, and what a migration makes of them."""
