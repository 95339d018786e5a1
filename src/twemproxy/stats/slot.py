"""Which slot of a block holds which number.

A block is 192 slots of 8 bytes in memory that a worker shares with the
supervisor; each process, pool and server has one. ``metrics`` describes the same
slots for people, and a test compares the two. The sibling ``.pxd`` gives
compiled modules the same names as C constants.
"""

SLOTS = 192  # slots of a block

# The process block, which is always block 0.
TOTAL_CONNECTIONS = 0
CURR_CONNECTIONS = 1
HEARTBEAT = 2
BUFFERED_BYTES = 3
PAUSED_CLIENTS = 4
REFUSED_CLIENTS = 5
GENERATION = 6
TICKS = 7
MAX_BUFFERED_BYTES = 8

# A pool's block.
CLIENT_EOF = 0
CLIENT_ERR = 1
CLIENT_CONNECTIONS = 2
SERVER_EJECTS = 3
FORWARD_ERROR = 4
FRAGMENTS = 5
CLIENT_REQUESTS = 6
CLIENT_RESPONSES = 7
CLIENT_ERRORS = 8
ABANDONED = 9
LOCAL_ANSWERS = 10
CLIENT_REFUSED = 11
CLIENT_BYTES_IN = 12
CLIENT_BYTES_OUT = 13
PROTOCOL_ERRORS = 14
CLIENT_TIMEDOUT = 15

# A server's block.
SERVER_EOF = 0
SERVER_ERR = 1
SERVER_TIMEDOUT = 2
SERVER_CONNECTIONS = 3
SERVER_EJECTED_AT = 4
REQUESTS = 5
REQUEST_BYTES = 6
RESPONSES = 7
RESPONSE_BYTES = 8
IN_QUEUE = 9
IN_QUEUE_BYTES = 10
OUT_QUEUE = 11
OUT_QUEUE_BYTES = 12
CONNECTS = 13
EJECTED = 14
SWALLOWED = 15

# Histograms: the sum of all times in microseconds, then the buckets. The first has
# the times below 2**FIRST_POWER µs, each other one those below twice as much.
HISTOGRAM_SLOTS = 24
BUCKETS = 23
FIRST_POWER = 4

# Histograms of a pool, one a class of commands.
READ_TIMES = 32
WRITE_TIMES = 56
SPLIT_TIMES = 80
FANOUT_TIMES = 104
SCRIPT_TIMES = 128
LOCAL_TIMES = 152

# Histograms of a server.
QUEUE_TIMES = 32
SERVER_TIMES = 56
