"""What the demo's clients saw, in a form that adds up and travels as JSON."""

import json
import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

STEPS: Final = 8  # latency buckets per power of two: good to 9 %


@dataclass(slots=True)
class Tally:
    """Counts of one stretch of traffic; `latency` maps bucket to replies."""

    requests: int = 0
    hits: int = 0
    misses: int = 0
    errors: int = 0
    wrong: int = 0
    example: str = ""  # the latest error or wrong reply
    latency: Counter[int] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        """Add the figures of `other` to these."""
        self.requests += other.requests
        self.hits += other.hits
        self.misses += other.misses
        self.errors += other.errors
        self.wrong += other.wrong
        self.example = other.example or self.example
        self.latency.update(other.latency)

    def take(self) -> "Tally":
        """Return the figures so far and start again from nothing."""
        taken = replace(self)
        self.requests = self.hits = self.misses = self.errors = self.wrong = 0
        self.example = ""
        self.latency = Counter()
        return taken

    def on_reply(self, seconds: float) -> None:
        """Count one reply that took `seconds`."""
        self.requests += 1
        self.latency[int(STEPS * math.log2(max(seconds * 1e6, 1)))] += 1

    @property
    def hit_rate(self) -> float:
        """Share of looked-up keys that were there, 0.0 before the first."""
        looked_up = self.hits + self.misses
        return self.hits / looked_up if looked_up else 0.0

    def latency_ms(self, share: float) -> float:
        """Return the latency that `share` of the replies stayed within."""
        awaited = share * self.latency.total()
        for bucket in sorted(self.latency):
            awaited -= self.latency[bucket]
            if awaited <= 0:
                return float(2 ** ((bucket + 0.5) / STEPS) / 1000)
        return 0.0

    def to_json(self) -> str:
        """Write it as one line."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def from_json(cls, line: bytes) -> "Tally":
        """Read what `to_json` wrote."""
        values = json.loads(line)
        buckets = {int(bucket): n for bucket, n in values.pop("latency").items()}
        return cls(**values, latency=Counter(buckets))
