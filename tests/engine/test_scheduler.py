"""The scheduler of jobs: no model, no tensor."""

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf

import pytest

from serve_app.core import Size
from serve_app.engine.scheduler import AGING, Scheduler
from serve_app.errors import Overloaded

SMALL, LARGE = (64, 64), (128, 128)
Cost = Callable[[Size, int], float]


@dataclass(eq=False)
class Item:
    rows: int = 2
    remaining: int = 4
    size: Size = SMALL
    cancelled: bool = False

    @property
    def over(self) -> bool:
        return self.cancelled or self.remaining == 0


def pays(size: Size, rows: int) -> float:
    """A larger batch is always cheaper per row."""
    return 1.0 + rows


def measured(costs: Mapping[int, float]) -> Cost:
    """Costs of the row counts that exist; the rows between are padded."""
    return lambda size, rows: next((cost for n, cost in costs.items() if n >= rows), inf)


def filled(
    items: Sequence[Item], max_rows: int = 8, max_waiting: int = 32, cost: Cost = pays
) -> tuple[Scheduler[Item], Sequence[Item]]:
    scheduler: Scheduler[Item] = Scheduler(max_rows, max_waiting, cost)
    scheduler.add(items)
    return scheduler, items


def step(scheduler: Scheduler[Item]) -> list[Item]:
    """One step: who took part."""
    batch = scheduler.schedule()
    for job in batch:
        job.remaining -= 1
    scheduler.retire()
    return batch


def test_as_many_run_as_there_are_rows() -> None:
    scheduler, items = filled([Item() for _ in range(5)])
    assert scheduler.schedule() == items[:4]
    assert scheduler.waiting == 1


def test_an_unguided_job_fills_the_row_that_a_guided_one_cannot() -> None:
    scheduler, items = filled([Item(2), Item(2), Item(1), Item(1)], max_rows=5)
    assert scheduler.schedule() == [items[2], items[3], items[0]]


def test_jobs_of_equal_work_are_served_in_order_of_arrival() -> None:
    scheduler, items = filled([Item() for _ in range(6)], max_rows=2)
    order = [step(scheduler)[0] for _ in range(24)]
    assert list(dict.fromkeys(order)) == items


def test_jobs_join_while_others_run() -> None:
    scheduler, items = filled([Item()])
    step(scheduler)
    late = Item()
    scheduler.add([late])
    assert scheduler.schedule() == [items[0], late]


def test_a_short_job_goes_before_a_long_one_that_runs() -> None:
    scheduler, items = filled([Item(remaining=40)], max_rows=2)
    step(scheduler)
    short = Item(remaining=8)
    scheduler.add([short])
    assert [step(scheduler) for _ in range(9)] == [[short]] * 8 + [[items[0]]]


def test_a_paused_job_goes_on_where_it_was() -> None:
    scheduler, items = filled([Item(remaining=40)], max_rows=2)
    step(scheduler)
    scheduler.add([Item(remaining=1)])
    step(scheduler)
    step(scheduler)
    assert items[0].remaining == 38


def test_a_step_serves_one_size() -> None:
    scheduler, items = filled([Item(size=SMALL), Item(size=LARGE), Item(size=SMALL)])
    assert scheduler.schedule() == [items[0], items[2]]


def test_work_is_counted_in_time_not_in_steps() -> None:
    """Three steps of the large size take longer than four of the small one."""
    scheduler, items = filled(
        [Item(size=LARGE, remaining=3), Item(remaining=4)],
        cost=lambda size, rows: float(size[0] * size[1] * rows),
    )
    assert scheduler.schedule() == [items[1]]


def test_a_batch_does_not_grow_when_the_cost_per_row_does_not_fall() -> None:
    scheduler, items = filled([Item() for _ in range(4)], cost=measured({2: 10, 4: 20, 8: 40}))
    assert scheduler.schedule() == items[:1]


def test_a_batch_grows_to_where_the_cost_per_row_is_least() -> None:
    scheduler, items = filled([Item() for _ in range(4)], cost=measured({2: 10, 4: 16, 8: 33}))
    assert scheduler.schedule() == items[:2]


def test_padding_is_part_of_the_cost() -> None:
    """Three jobs would be padded from six rows to eight, at more per row than two jobs in four."""
    costs = measured({2: 10, 4: 16, 8: 30})
    scheduler, items = filled([Item() for _ in range(3)], cost=costs)
    assert scheduler.schedule() == items[:2]
    scheduler, items = filled([Item() for _ in range(4)], cost=costs)
    assert scheduler.schedule() == items


def test_rows_that_were_not_compiled_are_not_used() -> None:
    scheduler, items = filled([Item() for _ in range(4)], cost=measured({2: 10, 4: 12}))
    assert scheduler.schedule() == items[:2]


@pytest.mark.parametrize("seed", range(20))
def test_nobody_starves(seed: int) -> None:
    """The bound of the class's docstring, against newcomers that are always shorter and more than can be served."""
    rng = random.Random(seed)
    victim = Item(rng.choice([1, 2]), rng.randint(20, 100))
    scheduler, _ = filled([victim], max_rows=2, max_waiting=20, cost=measured({1: 1, 2: 2}))
    limit = victim.rows * victim.remaining / AGING
    passed_over, late = 0.0, set()
    while not victim.over:
        newcomer = Item(rng.choice([1, 2]), rng.randint(1, 3))
        with suppress(Overloaded):
            scheduler.add([newcomer])
            late |= {newcomer} if passed_over >= limit else set()
        batch = step(scheduler)
        passed_over += 0 if victim in batch else sum(item.rows for item in batch)
        assert victim in batch or not late & set(batch)
    assert limit <= passed_over <= limit + 22 * 2 * 3


def test_age_is_forgotten_with_the_job() -> None:
    scheduler, items = filled([Item(), Item()], max_rows=2)
    while not scheduler.idle:
        step(scheduler)
    assert not scheduler._passed_over


def test_only_jobs_that_are_over_retire() -> None:
    scheduler, items = filled([Item(), Item(remaining=1)])
    scheduler.schedule()
    items[1].remaining = 0
    assert scheduler.retire() == [items[1]]
    assert scheduler.batch == [items[0]]


def test_a_job_cancelled_while_it_waits_never_runs_and_is_retired() -> None:
    scheduler, items = filled([Item(), Item()], max_rows=2)
    items[0].cancelled = True
    assert scheduler.schedule() == [items[1]]
    assert scheduler.retire() == [items[0]]


def test_a_job_cancelled_while_it_runs_takes_no_further_step() -> None:
    scheduler, items = filled([Item(), Item()])
    step(scheduler)
    items[0].cancelled = True
    assert scheduler.schedule() == items[1:]


def test_a_full_queue_refuses() -> None:
    scheduler, _ = filled([Item(), Item()], max_waiting=2)
    with pytest.raises(Overloaded, match="at most 2"):
        scheduler.add([Item()])


def test_the_jobs_of_a_request_are_queued_all_or_none() -> None:
    scheduler, _ = filled([Item(), Item()], max_waiting=3)
    with pytest.raises(Overloaded):
        scheduler.add([Item(), Item()])
    assert scheduler.waiting == 2


def test_running_jobs_do_not_count_as_waiting_but_paused_ones_do() -> None:
    scheduler, _ = filled([Item(remaining=9)], max_rows=2, max_waiting=1)
    step(scheduler)
    assert scheduler.waiting == 0
    scheduler.add([Item(remaining=1)])
    scheduler.schedule()
    assert scheduler.waiting == 1


def test_idle_means_that_no_job_is_left() -> None:
    scheduler, _ = filled([Item(remaining=2)])
    assert not scheduler.idle
    step(scheduler)
    assert not scheduler.idle
    step(scheduler)
    assert scheduler.idle
