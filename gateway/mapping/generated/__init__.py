"""Python written from a plan: the clean path of writing and reading, held equal to the interpreter."""
