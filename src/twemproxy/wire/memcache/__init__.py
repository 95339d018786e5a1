"""The memcached text protocol: requests, responses, split and merge."""
