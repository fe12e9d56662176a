"""The services of a run: started when a part first needs them, all stopped in the end."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.contenders import ARTIFACT, CHECKPOINT, CONTENDERS, absolute
from bench.processes import ROOT, BenchError, Child
from bench.service import Service, free_port

COMPILE_S = 1800
WAKE_S = 0.5


@dataclass
class Lab:
    """Starts services on demand and stops them."""

    say: Callable[[str], None]
    effort: float = 1.0
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    started: dict[str, tuple[float, float]] = field(default_factory=dict)
    compile_s: float | None = None

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="bench-")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for name in list(self.services):
            self.stop(name)
        self._folder.cleanup()

    def seconds(self, full: float) -> float:
        """A duration, shorter where someone only tries the bench."""
        return max(2.0, self.effort * full)

    def result(self, name: str) -> dict[str, Any]:
        """What another part of this run has found."""
        if name not in self.results:
            raise BenchError(f"this needs the part {name!r} in the same run")
        return self.results[name]

    def log(self, name: str) -> Path:
        return Path(self._folder.name) / f"{name}.log"

    def service(self, name: str, steps: int = 8) -> Service:
        """The running service of that name; all others are paused, for an idle Ray takes a fifth of a CPU."""
        self.hush(name)
        if name not in self.services:
            if name.startswith("aot"):
                self.compile()
            self.say(f"starting {name}")
            contender, port, metrics_port = CONTENDERS[name], free_port(), free_port()
            child = Child(contender.command(port, metrics_port), self.log(name), contender.env)
            address = f"http://127.0.0.1:{port}/imagine"
            service = Service(child, address, f"http://127.0.0.1:{metrics_port}/metrics", contender.method)
            self.services[name] = service
            service.wait_for_image(steps)
        return self.services[name]

    def hush(self, but: str = "") -> None:
        """Pause every service but one, which may come to itself for a moment."""
        for name, service in self.services.items():
            if name != but and not service.paused:
                service.child.pause()
                service.paused = True
        if but in self.services and self.services[but].paused:
            self.services[but].child.resume()
            self.services[but].paused = False
            time.sleep(WAKE_S)

    def stop(self, *names: str) -> None:
        for name in names:
            if (service := self.services.get(name)) is not None:
                self.hush(name)  # a program that has just been resumed may miss the signal
                del self.services[name]
                peak = max(service.peak_mib, self.started.get(name, (0.0, 0.0))[1])
                self.started[name] = (service.first_image_s, peak)
                if left := service.child.stop():
                    self.say(f"{name} left processes behind, killed: {left}")

    def compile(self) -> None:
        """Make the artifact if it is not there; the time is noted, not part of any figure."""
        if (absolute(ARTIFACT) / "manifest.json").is_file():
            return
        self.say("compiling the bundled model, once (5 to 10 minutes)")
        began = time.monotonic()
        options = ["--target", "aot", "--preset", "demo", "--output", str(ARTIFACT)]
        command = [sys.executable, "-m", "compile", str(CHECKPOINT), *options]
        subprocess.run(command, cwd=ROOT, check=True, timeout=COMPILE_S, stdout=subprocess.DEVNULL)
        self.compile_s = time.monotonic() - began

    def strangers(self) -> list[float]:
        """CPUs that other programs of the machine took during each load since this was last asked."""
        found = [cpus for service in self.services.values() for cpus in service.others]
        for service in self.services.values():
            service.others.clear()
        return found

    def starts(self) -> Mapping[str, tuple[float, float]]:
        """Seconds to the first picture and peak MiB of every service so far."""
        running = {name: (service.first_image_s, service.peak_mib) for name, service in self.services.items()}
        return {**self.started, **running}
