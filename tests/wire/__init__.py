"""What the wire rooms promise, without a socket of their own."""
