"""Which requests of a client get no reply, as CLIENT REPLY says.

The sibling ``.pxd`` gives compiled modules the same names as C constants.
"""

LOUD = 0  # every request gets its reply
NEXT = 1  # the next one gets none
ALL = 2  # none gets any
