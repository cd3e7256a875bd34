"""The Learning & Improvement Framework of a safeguarding children board, as an API."""
