"""The directory of migrations: names, order, replay on a shadow database, new files."""
