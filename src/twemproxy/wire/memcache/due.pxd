# The numbers of due.py as C constants; a test keeps the two equal.

cdef enum:
    SILENT = 0
    VALUES = 1
    STORED = 2
    NUMBER = 3
    TOUCHED = 4
    DELETED = 5
    VERSION = 6
    OKAY = 7
    STATS = 8
    META = 9
    QUIET_META = 10
