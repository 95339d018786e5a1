# The numbers of outcome.py as C constants; a test keeps the two equal.

cdef enum:
    AGAIN = -4096
    FULL = -4097
    READ = 1
    WRITE = 2
    HANGUP = 4
