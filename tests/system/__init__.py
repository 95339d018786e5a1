"""Real clients, the proxy, real servers."""
