"""How far a scanner has come.

The sibling ``.pxd`` gives compiled modules the same names as C constants.
"""

MORE = 0  # the message goes on beyond what has arrived
WHOLE = 1  # a message of `length` bytes
LINE = 2  # a line typed by hand of `length` bytes, its end included
NOTHING = 3  # `length` bytes that ask for nothing
