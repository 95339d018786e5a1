# The numbers of state.py as C constants; a test keeps the two equal.

cdef enum:
    RESOLVING = 0
    CONNECTING = 1
    READY = 2
    CLOSED = 3
