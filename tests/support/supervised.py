"""`nutcracker` with the fake worker: the supervisor alone is under test."""

import sys
from pathlib import Path

from twemproxy.arguments import parse
from twemproxy.control import supervisor

if __name__ == "__main__":
    worker = Path(__file__).with_name("fake_worker.py")
    options = parse(sys.argv[1:]).options
    sys.exit(supervisor.run(options, (sys.executable, str(worker))))
