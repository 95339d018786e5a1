"""What can be wrong with a request, so that it is answered and not passed on.

The sibling ``.pxd`` gives compiled modules the same names as C constants;
`answers.FAULTS` has memcached's words for each.
"""

NONE = 0
UNKNOWN = 1  # no such command, or not with so many words
BAD_LINE = 2  # a key too long, a number that is none
BAD_CHUNK = 3  # the data block does not end where its length says
TOO_LARGE = 4  # more data than any server takes
BAD_DELTA = 5
BAD_EXPTIME = 6
BAD_DELETE = 7
TOO_MANY_FLAGS = 8
