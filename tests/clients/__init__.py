"""Programs that use one client library each, with its defaults.

Each takes a port, connects, works with strings, hashes, many keys at once, a
pipeline, a script and errors, and ends with status 0 if all went as it does with
a server. They are programs so that several versions of a library can be tested.
"""
