"""Parts of the `safeguarding` command."""
