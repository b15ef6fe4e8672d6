"""What a file says by its bytes alone: where recordings begin and end in it."""
