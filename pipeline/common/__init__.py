"""Code that all packages share: errors, progress, formats, instants, scratch databases, helper processes."""
