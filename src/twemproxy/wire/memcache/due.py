"""What is due from a memcached server: the kinds of answers, one for each command.

The sibling ``.pxd`` gives compiled modules the same names as C constants.
"""

SILENT = 0  # nothing
VALUES = 1  # VALUE blocks, then END
STORED = 2  # STORED, NOT_STORED, EXISTS or NOT_FOUND
NUMBER = 3  # the new number, or NOT_FOUND
TOUCHED = 4  # TOUCHED or NOT_FOUND
DELETED = 5  # DELETED or NOT_FOUND
VERSION = 6  # VERSION and a text
OKAY = 7  # OK
STATS = 8  # STAT lines, then END; or RESET
META = 9  # a line of two letters and flags; VA announces a data block
QUIET_META = 10  # META or nothing, then MN, which the proxy has asked for
