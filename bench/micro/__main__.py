"""Small benchmarks: parsers, hashes, the ring.

Run: make micro
"""

from bench.micro import parsers, ring
from bench.micro.timing import heading

if __name__ == "__main__":
    print(heading())
    parsers.report()
    ring.report()
