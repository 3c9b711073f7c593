"""The reading side, question by question."""
