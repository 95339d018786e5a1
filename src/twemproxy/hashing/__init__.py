"""Which server owns a key: hash functions, hash tags and distributions."""
