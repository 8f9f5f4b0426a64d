"""The Worker's configuration: what wrangler reads, read the same way."""

CONFIG_NAMES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
"""The names of wrangler's config, in the order in which wrangler looks for them."""
