"""Why a connection is not read, one bit each, and other small states of it.

The sibling ``.pxd`` gives compiled modules the same names as C constants.
"""

IN_FLIGHT = 1  # as many requests under way as its window allows
OUTPUT = 2  # it does not read its replies
SERVER = 4  # a server does not take what it sends
MEMORY = 8  # the process holds as much as it may
FINISHED = 16  # nothing it sends matters any more
HANDSHAKE = 32  # what it says next must not overtake what is under way
TURN = 64  # the others get their turn first, until the end of this tick
THROTTLED = 47  # any reason that will pass

LOUD = 0  # every request of a client gets its reply
NEXT = 1  # the next one gets none
ALL = 2  # none gets any

RESOLVING = 0  # waits for the addresses of a name
CONNECTING = 1
READY = 2
CLOSED = 3
