# The numbers of rule.py as C constants; a test keeps the two equal.

cdef enum:
    LOCAL = 0
    SINGLE = 1
    SPLIT_VALUES = 2
    SPLIT_COUNT = 3
    SPLIT_PAIRS = 4
    SAME = 5
    ANY = 6
    FANOUT = 7
    REFUSED = 8
    BY_POSITION = 0
    AFTER_STREAMS = 1
    AFTER_STORE = 2
    AFTER_KEYS = 3
    NONE = 0
    SUM = 1
    CONCAT = 2
    CURSOR = 3
    RANDOM = 4
    STATUS = 5
    FIRST = 6
    MINIMUM = 7
    ONE_OK = 8
    READ = 1
    WRITE = 2
    BLOCKING = 4
    BLOCK_OPTION = 8
    STATEFUL = 16
    ADMIN = 32
    SCRIPT = 64
    DANGEROUS = 128
    SUBCOMMANDS = 256
    PUBSUB = 512
    NO_AUTH = 1024
    PREFIX = 2048
