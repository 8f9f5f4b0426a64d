"""What runs inside Pyodide: `session` is played there, `promises` judges what it sees."""
