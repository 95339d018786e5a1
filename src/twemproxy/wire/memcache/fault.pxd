# The numbers of fault.py as C constants; a test keeps the two equal.

cdef enum:
    NONE = 0
    UNKNOWN = 1
    BAD_LINE = 2
    BAD_CHUNK = 3
    TOO_LARGE = 4
    BAD_DELTA = 5
    BAD_EXPTIME = 6
    BAD_DELETE = 7
    TOO_MANY_FLAGS = 8
