"""Why a connection is not read, one bit each.

The sibling ``.pxd`` gives compiled modules the same names as C constants.
"""

IN_FLIGHT = 1  # as many requests under way as its window allows
OUTPUT = 2  # it does not read its replies
SERVER = 4  # a server does not take what it sends
MEMORY = 8  # the process holds as much as it may
FINISHED = 16  # nothing it sends matters any more
HANDSHAKE = 32  # what it says next must not overtake what is under way
TURN = 64  # the others get their turn first, until the end of this tick
# What lasts for more than a tick and will pass: who is paused for it counts as paused.
THROTTLED = IN_FLIGHT | OUTPUT | SERVER | MEMORY | HANDSHAKE
