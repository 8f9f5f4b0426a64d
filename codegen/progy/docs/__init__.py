"""The documentation of a database: one catalogue of all that is known, and what is made of it."""
