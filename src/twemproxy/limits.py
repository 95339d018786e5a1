"""Every limit in one table: its default, its unit, and why it exists.

Plain integers, importable from everywhere. A hot module keeps a C copy. Where a
pool may set a limit of its own, ``config.settings`` has a row that takes its
default from here.
"""

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

# What a client may send.
MAX_ARGUMENTS: Final = 1024 * 1024  # arguments of one request, as in Redis
MAX_ARGUMENT_BYTES: Final = 512 * MIB  # one argument, as in Redis
MAX_KEY_BYTES: Final = 64 * KIB  # a Redis key; hashing it must stay cheap
MAX_INLINE_BYTES: Final = 64 * KIB  # a request typed by hand, as in Redis
MAX_UNAUTHENTICATED_ARGUMENTS: Final = 10  # before AUTH, as in Redis
MAX_UNAUTHENTICATED_BYTES: Final = 16 * KIB  # one argument before AUTH, as in Redis
MAX_MEMCACHE_KEY_BYTES: Final = 250  # as in memcached
MAX_MEMCACHE_LINE_BYTES: Final = 64 * KIB  # a command line with all its keys
MAX_MEMCACHE_VALUE_BYTES: Final = 1024 * MIB  # as memcached's largest item

# What a server may send.
MAX_NESTING: Final = 128  # arrays within arrays of a reply
MAX_LINE_BYTES: Final = 1 * MIB  # a status, error or number line of a reply
MAX_REPLY_BYTES: Final = 1024 * MIB  # one reply

# What is kept for one client before it is no longer read.
FIRST_WINDOW: Final = 64  # requests in flight of a client not known yet
MAX_WINDOW: Final = 4096  # requests in flight of a client that keeps up
MAX_CLIENT_OUTPUT_BYTES: Final = 32 * MIB  # replies that wait for a slow reader

# What is kept for one server connection before its clients are no longer read.
MAX_SERVER_QUEUE_BYTES: Final = 8 * MIB  # requests that wait to be sent

# What a whole process keeps.
MAX_PROCESS_BYTES: Final = 1024 * MIB  # buffers of all connections together

# How many clients there may be.
MAX_CLIENTS: Final = 1000000  # of one process, fewer where descriptors are scarcer
