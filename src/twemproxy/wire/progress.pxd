# The numbers of progress.py as C constants; a test keeps the two equal.

cdef enum:
    MORE = 0
    WHOLE = 1
    LINE = 2
    NOTHING = 3
