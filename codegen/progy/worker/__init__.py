"""The Worker's configuration: what wrangler reads, read the same way."""
