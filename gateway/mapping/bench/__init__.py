"""What an author asks of a mapping: show it, compare it, follow a value through it. Pure: data in, data out."""
