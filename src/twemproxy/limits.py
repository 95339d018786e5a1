"""Every limit in one table: its default, its unit, and why it exists.

Plain integers, importable from everywhere. A hot module keeps a C copy. Where a
pool may set a limit of its own, ``config.settings`` has a row that takes its
default from here.
"""

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

# What a client may send.
MAX_ARGUMENTS: Final = 1024 * 1024  # arguments of one request, as in Redis before 7
MAX_ARGUMENT_BYTES: Final = 512 * MIB  # one argument, as in Redis
MAX_REQUEST_BYTES: Final = 1024 * MIB  # one request, as in Redis (`max_request_bytes`)
MAX_REQUEST_KEYS: Final = 1024 * 1024  # keys of one request (`max_request_keys`)
MAX_KEY_BYTES: Final = 64 * KIB  # a Redis key; hashing it must stay cheap
MAX_NAME_BYTES: Final = 1 * KIB  # what CLIENT SETNAME or SETINFO keeps of a client
MAX_INLINE_BYTES: Final = 64 * KIB  # a request typed by hand, as in Redis
MAX_UNAUTHENTICATED_ARGUMENTS: Final = 10  # before AUTH, as in Redis
MAX_UNAUTHENTICATED_BYTES: Final = 16 * KIB  # one argument before AUTH, as in Redis
MAX_MEMCACHE_KEY_BYTES: Final = 250  # as in memcached
MAX_MEMCACHE_LINE_BYTES: Final = 1 * MIB  # a command line with all its keys
MAX_MEMCACHE_TOUCH_BYTES: Final = 2 * KIB  # a line of gat; with more memcached hangs up
MAX_MEMCACHE_VALUE_BYTES: Final = 1024 * MIB  # as memcached's largest item

MAX_WAIT_MS: Final = 1000  # WAIT, which holds up all clients of a server connection

# What a server may send.
MAX_NESTING: Final = 8192  # arrays within arrays of a reply: more than Lua can make
MAX_LINE_BYTES: Final = 1 * MIB  # a line of a reply, but for Redis: scripts make them
MAX_REPLY_BYTES: Final = 1024 * MIB  # one reply

# What is kept for one client before it is no longer read.
FIRST_WINDOW: Final = 8  # requests in flight while the size of replies is not known
MAX_WINDOW: Final = 4096  # requests of a client that keeps up (`max_in_flight`)
MAX_CLIENT_OUTPUT_BYTES: Final = 32 * MIB  # unread replies (`max_client_output_bytes`)

# What is kept for one server connection before its clients are no longer read.
MAX_SERVER_QUEUE_BYTES: Final = 8 * MIB  # requests that wait to be sent

# What a whole process keeps.
MAX_PROCESS_BYTES: Final = 1024 * MIB  # all buffers together (`max_process_bytes`)
LARGE_BYTES: Final = 64 * KIB  # who holds more is not read once 7/8 of that are held
STALLED_MS: Final = 10000  # at the cap, in which who does not move 64 KiB is closed
SPLICE_BYTES: Final = 1536 * KIB  # a value that still lacks so much goes through pipes
PIPE_BYTES: Final = 1 * MIB  # what one pipe holds at most; it counts as buffered
MAX_PIPES: Final = 32  # of one process; without a free one a value goes to memory

# What a client may take its time for.
IDLE_TIMEOUT_MS: Final = 0  # saying nothing, 0 is for ever (`client_idle_timeout`)
REQUEST_TIMEOUT_MS: Final = 60000  # finishing a request (`client_request_timeout`)
PROGRESS_BYTES: Final = 64 * KIB  # which earn an unfinished request the same again
AUTH_TIMEOUT_MS: Final = 60000  # saying the password (`client_auth_timeout`)

# What one client may have done here before the others get their turn.
TURN_US: Final = 1000  # of work on answers of the proxy's own, in microseconds

# What a client that we close may still send, so that it gets its last replies.
PARTING_MS: Final = 2000  # before it is closed although it has not closed itself
PARTING_BYTES: Final = 1 * MIB  # are read and dropped, the rest is left unread

# What a server may take its time for.
ATTEMPT_MS: Final = 1000  # connecting to one address of a name that has more
NAME_LIFETIME_MS: Final = 30000  # before the addresses of a name in use are asked again

# How many clients there may be.
ACCEPT_RATE: Final = 0  # a second, worker and pool; 0: none (`client_accept_rate`)
RESERVED_DESCRIPTORS: Final = 32  # log, loop, counters, control, standard streams
DESCRIPTORS_PER_PIPE: Final = 64  # one pipe, of two more, for so many that may be open
MAX_CLIENTS: Final = 1000000  # of one process, fewer where descriptors are scarcer

# What a reader of statistics and metrics may take.
MAX_STATS_READERS: Final = 32  # at a time; of more the oldest goes
MAX_STATS_READ_S: Final = 5.0  # taking the document
MAX_STATS_UNREAD_BYTES: Final = 64 * KIB  # sent to us, which is thrown away
MAX_HTTP_PEERS: Final = 32  # at a time; of more the oldest goes
MAX_HTTP_HEAD_BYTES: Final = 8 * KIB  # a question and its headers
MAX_HTTP_HEAD_S: Final = 5.0  # asking
MAX_HTTP_ANSWER_S: Final = 60.0  # being answered; reloads wait for each other
MAX_HTTP_TAKING_S: Final = 5.0  # taking the answer
DESCRIPTORS_PER_PEER: Final = 16  # one of either kind for so many that may be open

# What a reload may take its time for.
READ_PATIENCE_S: Final = 10.0  # reading the file and asking for names to listen on

# What a worker may take its time for.
EARLY_DEATH_S: Final = 2.0  # a worker that dies this soon may never do better
MAX_EARLY_DEATHS: Final = 5  # in a row, then the proxy gives up
START_PATIENCE_S: Final = 20.0  # starting; a machine under load imports slowly
SWITCH_PATIENCE_S: Final = 10.0  # taking another configuration
EXIT_PATIENCE_S: Final = 1.0  # ending, before it is killed
