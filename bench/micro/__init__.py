"""Times of single functions, without a proxy around them."""
