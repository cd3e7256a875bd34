"""What of a record a reader is shown."""
