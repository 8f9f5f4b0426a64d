"""Two schemas in, a list of changes out. Pure: nothing here asks, prints or opens anything."""
