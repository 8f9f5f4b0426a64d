"""The applier: what a database has and lacks, and bringing it up to date."""
