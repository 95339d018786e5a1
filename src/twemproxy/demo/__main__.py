"""``python -m twemproxy.demo`` is ``nutcracker demo``."""

import sys

from twemproxy.demo.stage import main

sys.exit(main())
