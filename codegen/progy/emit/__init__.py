"""What is generated besides migrations: bindings for Python and TypeScript, and documentation. Values in, text out."""
