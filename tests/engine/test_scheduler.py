"""The scheduler of jobs: no model, no tensor."""

from dataclasses import dataclass

import pytest

from serve_app.engine.scheduler import Scheduler
from serve_app.errors import Overloaded


@dataclass(eq=False)
class Item:
    rows: int = 2
    over: bool = False


def filled(rows: list[int], max_rows: int = 8, max_waiting: int = 32) -> tuple[Scheduler[Item], list[Item]]:
    scheduler: Scheduler[Item] = Scheduler(max_rows, max_waiting)
    items = [Item(n) for n in rows]
    scheduler.add(items)
    return scheduler, items


def test_as_many_run_as_there_are_rows() -> None:
    scheduler, items = filled([2, 2, 2, 2, 2])
    assert scheduler.schedule() == items[:4]
    assert list(scheduler.waiting) == items[4:]


def test_unguided_jobs_take_one_row() -> None:
    scheduler, items = filled([1, 2, 1, 2, 1, 1, 1])
    assert scheduler.schedule() == items[:6]


def test_a_job_that_does_not_fit_yet_is_not_overtaken() -> None:
    scheduler, items = filled([2, 1, 2, 1], max_rows=4)
    assert scheduler.schedule() == items[:2]
    assert list(scheduler.waiting) == items[2:]


def test_jobs_join_while_others_run() -> None:
    scheduler, items = filled([2])
    scheduler.schedule()
    late = Item()
    scheduler.add([late])
    assert scheduler.schedule() == [items[0], late]


def test_a_retired_job_gives_its_rows_to_the_next() -> None:
    scheduler, items = filled([2, 2, 2], max_rows=4)
    scheduler.schedule()
    items[0].over = True
    assert scheduler.retire() == [items[0]]
    assert scheduler.schedule() == items[1:]


def test_only_jobs_that_are_over_retire() -> None:
    scheduler, items = filled([2, 2])
    scheduler.schedule()
    assert scheduler.retire() == []
    assert scheduler.running == items


def test_a_job_cancelled_while_waiting_never_runs() -> None:
    scheduler, items = filled([2, 2, 2], max_rows=2)
    items[0].over = True
    assert scheduler.schedule() == [items[1]]


def test_a_cancelled_head_is_dropped_even_when_no_row_is_free() -> None:
    scheduler, items = filled([2, 2, 2], max_rows=2)
    scheduler.schedule()
    items[1].over = True
    scheduler.schedule()
    assert list(scheduler.waiting) == [items[2]]


def test_a_job_cancelled_while_running_takes_no_further_step() -> None:
    scheduler, items = filled([2, 2, 2], max_rows=4)
    scheduler.schedule()
    items[0].over = True
    assert scheduler.schedule() == items[1:]
    assert scheduler.retire() == [items[0]]


def test_a_full_queue_refuses() -> None:
    scheduler, _ = filled([2, 2], max_waiting=2)
    with pytest.raises(Overloaded, match="at most 2"):
        scheduler.add([Item()])


def test_the_jobs_of_a_request_are_queued_all_or_none() -> None:
    scheduler, items = filled([2, 2], max_waiting=3)
    with pytest.raises(Overloaded):
        scheduler.add([Item(), Item()])
    assert list(scheduler.waiting) == items


def test_running_jobs_do_not_count_as_waiting() -> None:
    scheduler, _ = filled([2, 2], max_waiting=2)
    scheduler.schedule()
    scheduler.add([Item(), Item()])
    assert len(scheduler.waiting) == 2


def test_idle_means_neither_waiting_nor_running() -> None:
    scheduler, items = filled([2])
    assert not scheduler.idle
    scheduler.schedule()
    assert not scheduler.idle
    items[0].over = True
    scheduler.retire()
    assert scheduler.idle


def test_everybody_is_served_in_order_of_arrival() -> None:
    scheduler, items = filled([2, 1, 2, 1, 1, 2, 2, 1], max_rows=3)
    order = []
    while not scheduler.idle:
        for job in scheduler.schedule():
            order += [job] if job not in order else []
        scheduler.running[0].over = True
        scheduler.retire()
    assert order == items
