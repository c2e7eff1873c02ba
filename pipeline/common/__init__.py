"""What every room uses and none owns: errors, progress, formats, instants, scratch databases, worker processes."""
