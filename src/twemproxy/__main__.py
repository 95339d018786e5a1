"""``python -m twemproxy`` is ``nutcracker``."""

import sys

from twemproxy.cli import main

sys.exit(main())
