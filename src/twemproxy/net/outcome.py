"""What a system call or a poller reports, as numbers.

The sibling ``.pxd`` gives compiled modules the same names as C constants.
"""

# Below every -errno, for -1 is one: -EPERM.
AGAIN = -4096  # nothing can be done now
FULL = -4097  # of a gap: what comes next must go to memory

READ = 1
WRITE = 2
HANGUP = 4  # the peer will send no more, or the connection broke
