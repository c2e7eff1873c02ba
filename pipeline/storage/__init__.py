"""Files on this machine and on servers, written completely or not at all. What they mean is up to other packages."""
