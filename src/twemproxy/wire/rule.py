"""The vocabulary of command rows: what to do with a request, in small integers.

Both protocols use it. A row says *how* its command finds servers, *where* its
keys are when positions alone do not tell, how several answers become one
(*merge*), and carries *flags*. The sibling ``.pxd`` gives the same names as C
constants to compiled modules: ``from twemproxy.wire import rule`` here, ``from
twemproxy.wire cimport rule`` there, and ``rule.SINGLE`` costs nothing.
"""

# How a command finds its server or servers.
LOCAL = 0  # the proxy answers
SINGLE = 1  # its first key decides
SPLIT_VALUES = 2  # one fragment a server, values back in key order
SPLIT_COUNT = 3  # one fragment a server, integers added up
SPLIT_PAIRS = 4  # key-value pairs, one fragment a server, one OK
SAME = 5  # several keys, which must all live on one server
ANY = 6  # no key: the server that owns `placeholder`
FANOUT = 7  # every live server, answers merged as `merge` says
REFUSED = 8  # answered with the row's reason

# Where keys are, beyond `first`, `last`, `step` and `numkeys`.
BY_POSITION = 0
AFTER_STREAMS = 1  # the first half of what follows the word STREAMS
AFTER_STORE = 2  # one more key after the last STORE or STOREDIST
AFTER_KEYS = 3  # all that follows the word KEYS, when `first` is empty
AFTER_SORT = 4  # as AFTER_STORE, and the patterns behind BY and GET name keys

# How the answers of several servers become one.
NONE = 0
SUM = 1  # integers added up
CONCAT = 2  # arrays one after the other
CURSOR = 3  # SCAN: the cursor names the server that it belongs to
RANDOM = 4  # any answer that is not null
STATUS = 5  # OK when all say OK, else the first error
FIRST = 6  # the first answer when none is an error, else the first error
MINIMUM = 7  # the smallest integer; arrays element by element
ONE_OK = 8  # any answer that is not an error, else the first error
STATISTICS = 9  # what memcached servers count, added up
RUNNING = 10  # the answer of a server that runs a script, else the first

# Flags, a bit set.
READ = 1  # looks at keys, changes nothing
WRITE = 2  # may change keys
BLOCKING = 4  # may hold its server connection until something happens
BLOCK_OPTION = 8  # BLOCKING only with the word BLOCK among its options
STATEFUL = 16  # changes what later commands of the connection mean
ADMIN = 32  # manages a server, not its data
SCRIPT = 64  # runs or manages scripts and functions
DANGEROUS = 128  # costs or destroys much; what an operator may want to deny
SUBCOMMANDS = 256  # its second word is looked up below it
PUBSUB = 512
NO_AUTH = 1024  # works before authentication
PREFIX = 2048  # a rule for all unlisted names that begin like this
ECHOES = 4096  # some servers repeat its words in errors, line ends and all
CODE = 8192  # takes a script, whose first line servers repeat in the same way
DB_OPTION = 16384  # reaches another database with the word DB among its options
