# The numbers of expect.py as C constants; a test keeps the two equal.

cdef enum:
    ANYTHING = 0
    VALUES = 1
    COUNT = 2
    STATUS = 3
    FENCED = 4
    OWN = 97
    GRANT = 98
    HELLO = 99
    FINE = 0
    ERROR = 1
    TROUBLE = 2
