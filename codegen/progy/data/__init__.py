"""What goes into a database and out of it: statements run, dumps written, records deleted."""
