# The numbers of reason.py as C constants; a test keeps the two equal.

cdef enum:
    IN_FLIGHT = 1
    OUTPUT = 2
    SERVER = 4
    MEMORY = 8
    FINISHED = 16
    HANDSHAKE = 32
    TURN = 64
    THROTTLED = 47
