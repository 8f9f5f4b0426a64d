"""The way back: points that a database can be taken back to, made before progy changes it."""
