"""D1: its rules, its local files, its ledger, and a database in memory that behaves like it."""
