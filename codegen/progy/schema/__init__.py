"""What a schema is, and the two ways to get one: from models, from a database."""
