"""What a header is and what a cell is, whatever file they come from."""
