"""What a response may be, given what was asked.

The sibling ``.pxd`` gives compiled modules the same names as C constants.
"""

ANYTHING = 0
VALUES = 1  # an array of as many values as were asked for
COUNT = 2  # an integer
STATUS = 3  # a status line
FENCED = 4  # anything, in as many lines as come before a fence
OWN = 97  # anything: the proxy asked on its own account
GRANT = 98  # a status line: without it the connection is of no use
HELLO = 99  # a map of what the server is, or the newer protocol is not spoken

# What a response says of its server.
FINE = 0
ERROR = 1  # the request failed
TROUBLE = 2  # the server cannot work now, which counts as its failure
