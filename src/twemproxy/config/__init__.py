"""The configuration file: what may stand in it, how it is read, what it means."""
