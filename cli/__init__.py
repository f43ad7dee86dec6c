"""The `astsvm` command: one group, one file per command."""
