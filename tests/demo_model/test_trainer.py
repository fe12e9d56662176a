from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from demo_model import trainer
from demo_model.trainer import Recipe, fit

RECIPE = Recipe("line", steps=8, lr=0.1, weight_decay=0.01, seed=3)


@pytest.fixture(autouse=True)
def checkpoint_every_third_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "CHECKPOINT_EVERY", 3)


def make() -> nn.ModuleList:
    torch.manual_seed(0)
    return nn.ModuleList([nn.Linear(2, 1)])


def lossy(modules: nn.ModuleList, seen: list[int], stop_at: int = -1) -> Callable[[int], Tensor]:
    """The squared error to y = x0 - 2 x1 on random points; power fails before step `stop_at`."""

    def loss(step: int) -> Tensor:
        if step == stop_at:
            raise KeyboardInterrupt
        seen.append(step)
        x = torch.randn(16, 2)
        return (modules[0](x)[:, 0] - x @ torch.tensor([1.0, -2.0])).square().mean()

    return loss


def train(folder: Path, stop_at: int = -1, recipe: Recipe = RECIPE) -> tuple[list[Tensor], list[int]]:
    modules, seen = make(), list[int]()
    try:
        fit(recipe, modules, lossy(modules, seen, stop_at), folder)
    except KeyboardInterrupt:
        assert stop_at >= 0
    return [p.detach() for p in modules.parameters()], seen


@pytest.mark.parametrize(("stop_at", "resumed"), [(3, [3, 4, 5, 6, 7]), (5, [3, 4, 5, 6, 7]), (7, [6, 7])])
def test_an_interrupted_run_ends_as_if_it_had_not_been(tmp_path: Path, stop_at: int, resumed: list[int]) -> None:
    straight, _ = train(tmp_path / "straight")
    _, before = train(tmp_path / "resumed", stop_at)
    weights, after = train(tmp_path / "resumed")
    assert (before, after) == (list(range(stop_at)), resumed)
    assert all(torch.equal(a, b) for a, b in zip(weights, straight, strict=True))


def test_before_the_first_checkpoint_a_run_starts_again(tmp_path: Path) -> None:
    train(tmp_path, stop_at=2)
    assert train(tmp_path)[1] == list(range(8))


def test_a_finished_run_is_not_run_again(tmp_path: Path) -> None:
    weights, _ = train(tmp_path)
    again, seen = train(tmp_path)
    assert seen == []
    assert all(torch.equal(a, b) for a, b in zip(weights, again, strict=True))


def test_it_learns(tmp_path: Path) -> None:
    (weight, bias), _ = train(tmp_path, recipe=Recipe("line", 300, 0.1, 0.0, 3))
    assert torch.allclose(weight, torch.tensor([[1.0, -2.0]]), atol=0.05)
    assert torch.allclose(bias, torch.zeros(1), atol=0.05)


def test_the_averaged_weights_remain(tmp_path: Path) -> None:
    weights, _ = train(tmp_path)
    last = torch.load(tmp_path / "line.pt", weights_only=True)
    assert all(torch.equal(a, b) for a, b in zip(weights, last["average"], strict=True))
    assert not torch.equal(weights[0], last["modules"]["0.weight"])


def test_each_step_has_its_own_random_numbers(tmp_path: Path) -> None:
    modules, drawn = make(), []

    def loss(step: int) -> Tensor:
        drawn.append(torch.rand(()).item())
        return modules[0].weight.square().sum()

    fit(RECIPE, modules, loss, tmp_path)
    assert len(set(drawn)) == RECIPE.steps


def test_recipes_of_other_names_do_not_meet(tmp_path: Path) -> None:
    train(tmp_path)
    assert train(tmp_path, recipe=Recipe("other", 8, 0.1, 0.01, 3))[1] == list(range(8))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["line.pt", "other.pt"]


def test_frozen_weights_stay_as_they_are(tmp_path: Path) -> None:
    modules = make()
    modules[0].bias.requires_grad_(False)
    before = modules[0].bias.clone()
    fit(RECIPE, modules, lossy(modules, []), tmp_path)
    assert torch.equal(modules[0].bias, before)


@pytest.mark.parametrize("steps", [1, 2, 20])
def test_a_short_run_is_possible(tmp_path: Path, steps: int) -> None:
    assert len(train(tmp_path, recipe=Recipe("line", steps, 0.1, 0.0, 3))[1]) == steps
