"""What a person fills in, and how it fits what is served."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from gradio_ui.client import Info

RANDOM_SEEDS = 2**32


@dataclass(frozen=True)
class Form:
    """The fields of the page, in their order. The seed is text: it may be empty, or too large for JavaScript."""

    prompt: str = ""
    negative_prompt: str = ""
    model: str = ""
    size: str = ""
    steps: float = 25
    guidance_scale: float = 4.0
    scheduler: str = ""
    seed: str = ""
    n: float = 1

    def seeded(self) -> "Form":
        """The same with a seed: the given one, else a random one."""
        return replace(self, seed=self.seed.strip() or str(secrets.randbelow(RANDOM_SEEDS)))

    def seeds(self, largest: int) -> list[str]:
        """A seed for each picture. What is no seed is passed on, for the service to say what is wrong with it."""
        if not self.seed.isdecimal() or int(self.seed) > largest:
            return [self.seed]
        return [str((int(self.seed) + i) % (largest + 1)) for i in range(int(self.n))]

    def query(self, seed: str) -> dict[str, str]:
        """The parameters of one picture, as the service names them."""
        width, _, height = self.size.partition("x")
        values = {
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            "model": self.model,
            "width": width,
            "height": height,
            "steps": f"{self.steps:g}",
            "guidance_scale": f"{self.guidance_scale:g}",
            "scheduler": self.scheduler,
            "seed": seed,
            "format": "png",
        }
        return {name: value for name, value in values.items() if value or name == "prompt"}


FIELDS = tuple(field.name for field in fields(Form))
PARAM_FIELDS = {"width": "size", "height": "size"}
"""Fields of the page that hold a parameter of another name."""


def fit(given: Mapping[str, str], info: Info) -> tuple[Form, list[str]]:
    """A form of what was given, with the model's defaults for the rest; and a sentence for what is not served here."""
    model = info.model(given.get("model"))
    choices = {
        "model": [m.name for m in info.models],
        "size": list(model.sizes),
        "scheduler": [model.scheduler, *info.schedulers],
    }
    largest = {
        "steps": (1, info.limits.steps),
        "guidance_scale": (0, info.limits.guidance_scale),
        "n": (1, info.limits.n),
    }
    defaults = Form(
        model=model.name,
        size=model.sizes[0],
        steps=model.steps,
        guidance_scale=model.guidance_scale,
        scheduler=model.scheduler,
    )
    values, notes = dict[str, Any](), []
    for name, text in given.items():
        value: Any = text
        if name in choices and text not in choices[name]:
            value = None
        elif name in largest:
            value = _number(text, *largest[name], whole=name != "guidance_scale")
        if value is None:
            notes.append(
                f"{name.replace('_', ' ')} {text!r} is not served here: {asdict(defaults)[name]} is used instead."
            )
        else:
            values[name] = value
    return replace(defaults, **values), notes


def _number(text: str, least: float, most: float, whole: bool) -> float | None:
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        return None
    return value if least <= value <= most else None
