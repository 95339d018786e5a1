"""The Redis protocol: requests, responses, what commands mean, split and merge."""
