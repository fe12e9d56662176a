"""What the load generator is told and what it answers. Plain values, for they travel as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Shot:
    """One request: when, how many steps, and after how many of them the client leaves (0: it stays)."""

    at: float
    steps: int
    seed: int = 0
    leave_after: int = 0


@dataclass(frozen=True)
class Plan:
    """Requests to one service. `clients` 0 is open loop: each request comes at its time, whatever became of others.

    Otherwise so many clients ask one after another, the first ones spread over `stagger_s`, until `seconds` are over.
    """

    url: str
    shots: Sequence[Shot]
    prompt: str
    method: str = "GET"
    clients: int = 0
    seconds: float = 60
    stagger_s: float = 0
    stream: bool = False
    timeout_s: float = 60

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        values = json.loads(text)
        return cls(**values | {"shots": [Shot(**shot) for shot in values["shots"]]})


@dataclass(frozen=True)
class Answer:
    """What became of a request; times in seconds since the plan began. Status 0: none came; 499: the client left."""

    shot: Shot
    sent: float
    done: float
    status: int
    request_id: str = ""
    bytes: int = 0
    timings: Mapping[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.status == 200

    @property
    def latency(self) -> float:
        """Since the time at which it should have been sent, so that a slow generator cannot hide a slow service."""
        return self.done - self.shot.at

    @classmethod
    def from_json(cls, text: str) -> "list[Answer]":
        return [cls(**values | {"shot": Shot(**values["shot"])}) for values in json.loads(text)]
