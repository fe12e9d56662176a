"""Settings as a link and back, and out of the `parameters` text that every generated PNG carries."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from urllib.parse import parse_qsl, urlencode

from gradio_ui.form import FIELDS, Form

SCHEDULERS: Mapping[tuple[str, str], str] = {
    ("Euler", "Automatic"): "euler",
    ("Euler a", "Automatic"): "euler_ancestral",
    ("DPM++ 2M", "Automatic"): "dpmpp_2m",
    ("DPM++ 2M", "Karras"): "dpmpp_2m_karras",
    ("DDIM", "Automatic"): "ddim",
    ("UniPC", "Automatic"): "unipc",
    ("LCM", "Automatic"): "lcm",
    ("Heun", "Automatic"): "heun",
}
"""The service's schedulers by sampler and schedule type in A1111's words."""

KEYS = {"Steps": "steps", "CFG scale": "guidance_scale", "Seed": "seed", "Size": "size", "Model": "model"}
PAIR = re.compile(r"\s*(\w[\w \-/]+):\s*([^,]*)(?:,|$)")
NEGATIVE = "Negative prompt: "


def to_query(form: Form) -> str:
    """The form as the query of a link, from the question mark on; empty fields are left out."""
    values = {name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in asdict(form).items()}
    return "?" + urlencode({name: value for name, value in values.items() if value})


def from_query(query: str) -> dict[str, str]:
    """The form's fields in a query; other parameters, such as Gradio's own, are passed over."""
    found = dict(parse_qsl(query.removeprefix("?")))
    return {name: found[name] for name in FIELDS if name in found}


def from_infotext(text: str) -> dict[str, str]:
    """The form's fields in a PNG's `parameters`: prompt, negative prompt, then one line of `Key: value` pairs."""
    *lines, last = text.strip().split("\n")
    pairs = {key: value.strip() for key, value in PAIR.findall(last)}
    if "Steps" not in pairs:
        return {}
    prompt, _, negative = "\n".join(lines).partition(f"\n{NEGATIVE}")
    found = {"prompt": prompt, "negative_prompt": negative}
    found |= {name: pairs[key] for key, name in KEYS.items() if key in pairs}
    scheduler = SCHEDULERS.get((pairs.get("Sampler", ""), pairs.get("Schedule type", "Automatic")))
    return found | ({"scheduler": scheduler} if scheduler else {}) | {"n": "1"}
