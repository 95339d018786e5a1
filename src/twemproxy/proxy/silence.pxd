# The numbers of silence.py as C constants; a test keeps the two equal.

cdef enum:
    LOUD = 0
    NEXT = 1
    ALL = 2
