"""One resumable training loop, used for the autoencoder and for the denoiser."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

EMA_DECAY = 0.999
CHECKPOINT_EVERY = 250
WARM_UP = 0.051
"""Share of the steps in which the learning rate rises; 1 / n would divide by zero in a run of n steps."""


@dataclass(frozen=True)
class Recipe:
    """What a loop needs to know besides its loss."""

    name: str
    steps: int
    lr: float
    weight_decay: float
    seed: int


def fit(recipe: Recipe, modules: nn.ModuleList, loss: Callable[[int], Tensor], folder: Path) -> None:
    """Train `modules` with AdamW on a one-cycle schedule and leave the averaged (EMA) weights in them.

    `loss(step)` returns a scalar. Random numbers are seeded by the step, so a run continued from the last checkpoint in
    `folder` goes on as if it had not stopped.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{recipe.name}.pt"
    weights = [p for p in modules.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=recipe.lr, weight_decay=recipe.weight_decay, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.lr, total_steps=recipe.steps, pct_start=WARM_UP)
    average = [p.detach().clone() for p in weights]
    start = 0
    if path.exists():
        start = _load(path, modules, optimizer, schedule, average)
    bar = tqdm(range(start, recipe.steps), desc=recipe.name, initial=start, total=recipe.steps, mininterval=5)
    smooth = None
    for step in bar:
        torch.manual_seed(recipe.seed * 1_000_003 + step)
        value = loss(step)
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        torch._foreach_lerp_(average, [p.detach() for p in weights], 1 - min(EMA_DECAY, (1 + step) / (10 + step)))
        smooth = value.item() if smooth is None else 0.99 * smooth + 0.01 * value.item()
        bar.set_postfix(loss=f"{smooth:.4f}", refresh=False)
        if (step + 1) % CHECKPOINT_EVERY == 0 or step + 1 == recipe.steps:
            _save(path, step + 1, modules, optimizer, schedule, average)
    with torch.no_grad():
        for weight, mean in zip(weights, average, strict=True):
            weight.copy_(mean)


def _save(path: Path, step: int, modules: nn.ModuleList, optimizer, schedule, average: list[Tensor]) -> None:  # type: ignore[no-untyped-def]
    state = {
        "step": step,
        "modules": modules.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "average": average,
    }
    torch.save(state, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


def _load(path: Path, modules: nn.ModuleList, optimizer, schedule, average: list[Tensor]) -> int:  # type: ignore[no-untyped-def]
    state = torch.load(path, weights_only=True)
    modules.load_state_dict(state["modules"])
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])
    for mean, saved in zip(average, state["average"], strict=True):
        mean.copy_(saved)
    return int(state["step"])
