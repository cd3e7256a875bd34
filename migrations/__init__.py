"""How the database got to where it is. The policies in force: tests/snapshots/policies.txt."""
