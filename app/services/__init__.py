"""What spans tables or has two callers."""
