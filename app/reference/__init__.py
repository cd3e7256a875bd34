"""Data the product ships: roles, grade scales, instruments, value lists."""
