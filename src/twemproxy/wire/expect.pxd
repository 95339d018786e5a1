# The numbers of expect.py as C constants; a test keeps the two equal.

cdef enum:
    ANYTHING = 0
    VALUES = 1
    COUNT = 2
    STATUS = 3
    OWN = 4
    GRANT = 5
    HELLO = 6
    FINE = 0
    ERROR = 1
    TROUBLE = 2
