"""Files here and on servers, and how they get there completely. Their meaning belongs to the folders above."""
