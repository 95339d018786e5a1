"""How far a link has come: a connection that we open.

The sibling ``.pxd`` gives compiled modules the same names as C constants.
"""

RESOLVING = 0  # waits for the addresses of a name
CONNECTING = 1
READY = 2
CLOSED = 3
