"""What a system call or a poller reports, as numbers.

Not compiled, so that every module can import them; a hot module keeps a C copy
(``READ: Final = outcome.READ``, typed in its ``.pxd``).
"""

from typing import Final

AGAIN: Final = -1  # nothing can be done now

READ: Final = 1
WRITE: Final = 2
HANGUP: Final = 4  # the peer will send no more, or the connection broke
