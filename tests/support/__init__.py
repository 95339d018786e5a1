"""What tests stand on: real servers, fake servers, broken networks, one proxy.

Nothing here asserts what the proxy should answer; that is the tests' business.
"""
