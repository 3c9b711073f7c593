"""The two laws of a mapping, tried on records and messages made from its own lines and limits."""
