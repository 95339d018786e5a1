"""Clients, servers, pools, and the way of a request between them."""
