import sys
import time
from pathlib import Path

import pytest

from bench.metrics import means, totals
from bench.others import Others
from bench.processes import Child, pss_mib, tree


def fake_process(proc: Path, pid: int, parent: int, pss_kib: int = 0, state: str = "S") -> None:
    (proc / str(pid)).mkdir()
    (proc / str(pid) / "stat").write_text(f"{pid} (a) b) {state} {parent} 0 0")
    (proc / str(pid) / "smaps_rollup").write_text(f"Rss: 9 kB\nPss:{pss_kib:>20} kB\nPss_Anon: 7 kB\n")


def test_a_tree_is_a_process_and_all_below_it(tmp_path: Path) -> None:
    for pid, parent in [(10, 1), (11, 10), (12, 11), (20, 1)]:
        fake_process(tmp_path, pid, parent)
    fake_process(tmp_path, 13, 10, state="Z")
    assert sorted(tree(10, tmp_path)) == [10, 11, 12]


def test_memory_is_summed_and_who_has_ended_counts_nothing(tmp_path: Path) -> None:
    fake_process(tmp_path, 10, 1, pss_kib=1024)
    fake_process(tmp_path, 11, 10, pss_kib=512)
    assert pss_mib([10, 11, 99], tmp_path) == 1.5


PARENT = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); {then}"


def wait_for(condition: object, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:  # type: ignore[operator]
        time.sleep(0.02)


@pytest.fixture
def child(tmp_path: Path) -> Child:
    code = PARENT.format(then="print('here', flush=True); print(input(), flush=True); time.sleep(60)")
    child = Child([sys.executable, "-c", code], tmp_path / "log", {})
    wait_for(lambda: "here" in child.output())
    return child


def test_what_a_program_leaves_is_found_and_ended(child: Child) -> None:
    pids = child.pids
    left = child.stop()
    assert len(pids) == 2 and left == pids[1:]
    assert not child.running


def test_a_paused_program_answers_when_it_goes_on(child: Child) -> None:
    child.pause()
    child.say("hello")
    time.sleep(0.2)
    assert "hello" not in child.output()
    child.resume()
    wait_for(lambda: "hello" in child.output())
    child.stop()
    assert "hello" in child.output()


def test_a_child_hears_and_is_heard(child: Child) -> None:
    child.say("hello")
    wait_for(lambda: "hello" in child.output())
    child.stop()
    assert "hello" in child.output()


def test_metrics_are_summed_over_their_labels() -> None:
    text = '# HELP a words\na{replica="1"} 2\na{replica="2"} 3.5\nb 1e3\n'
    assert totals(text) == {"a": 5.5, "b": 1000.0}


def test_rows_per_step_of_each_interval() -> None:
    samples = [(0.5, 0.0, 0.0), (1.0, 40.0, 10.0), (1.5, 40.0, 10.0), (2.0, 120.0, 20.0)]
    assert means(samples) == [(1.0, 4.0), (2.0, 8.0)]


def test_a_page_that_stands_still_for_long_means_no_rows() -> None:
    assert means([(0.0, 8.0, 1.0), (7.0, 8.0, 1.0)]) == [(7.0, 0.0)]


def test_what_we_do_ourselves_is_not_others() -> None:
    others = Others()
    until = time.process_time() + 0.3
    while time.process_time() < until:
        pass
    assert others._own_since() >= 0.25
