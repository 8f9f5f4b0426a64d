"""SQL as text: tokens, statements, names. Knows SQLite's lexical rules and nothing of databases."""
