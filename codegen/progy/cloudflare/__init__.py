"""Cloudflare's API, as far as D1 needs it: who is asking, requests that survive a bad network, and typed answers."""
