"""Changes to a page, as Gradio takes them: each part with its new value or properties."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import gradio as gr

from gradio_ui import share, view
from gradio_ui.client import Info
from gradio_ui.errors import Refused, UiError
from gradio_ui.examples import examples_of
from gradio_ui.form import FIELDS, PARAM_FIELDS, fit
from gradio_ui.page import INFO, Parts
from gradio_ui.runs import Run

Changes = dict[Any, Any]


def connected(parts: Parts, given: Mapping[str, str], info: Info) -> Changes:
    """The form for what is served, ready to use."""
    samples = [[prompt] for prompt in examples_of(info.model(None).name)]
    return filled(parts, given, info) | {
        parts.examples: gr.Dataset(samples=samples, visible=True),
        parts.timer: gr.Timer(active=False),
        parts.generate: gr.Button(interactive=True),
    }


def not_connected(parts: Parts, error: UiError) -> Changes:
    """What keeps the page from being used; the timer tries again, or the person enters a key."""
    if isinstance(error, Refused) and error.wants_key:
        changes = {parts.key: gr.Textbox(visible=True), parts.timer: gr.Timer(active=False)}
        return changes | {parts.banner: view.banner(view.explain(error))}
    if isinstance(error, Refused) and error.starting:
        text = "The service is starting. This page waits for it."
    else:
        text = f"{error} This page tries again every two seconds."
    return {parts.banner: view.banner(text, alert=False)}


def filled(parts: Parts, given: Mapping[str, str], info: Info) -> Changes:
    """The form with the given values and defaults for the rest, offering what is served."""
    form, notes = fit(given, info)
    fields, limits, values = parts.fields, info.limits, asdict(form)
    changes: Changes = {fields[name]: values[name] for name in ("prompt", "negative_prompt", "seed")}
    choices = {
        "model": [m.name for m in info.models],
        "size": info.model(form.model).sizes,
        "scheduler": info.schedulers,
    }
    for name, options in choices.items():
        changes[fields[name]] = gr.Dropdown(choices=list(options), value=values[name])
    for name, most in (("steps", limits.steps), ("guidance_scale", limits.guidance_scale), ("n", limits.n)):
        changes[fields[name]] = gr.Slider(maximum=most, value=values[name])
    return changes | {parts.banner: view.banner(" ".join(notes), alert=False)}


def begun(parts: Parts, run: Run) -> Changes:
    """A run starts: nothing is wrong yet, and it can be cancelled."""
    return {
        parts.generate: gr.Button(interactive=False),
        parts.cancel: gr.Button(interactive=True),
        parts.query: share.to_query(run.form),
        parts.last_seed: run.form.seed,
        parts.banner: "",
        parts.pictures: view.pictures(run),
        **{parts.fields[name]: _marked(name, None) for name in FIELDS},
    }


def ended(parts: Parts, run: Run) -> Changes:
    """The last look at a run: its pictures, and each error where it belongs."""
    changes: Changes = {
        parts.progress: view.progress(run),
        parts.pictures: view.pictures(run),
        parts.generate: gr.Button(interactive=True),
        parts.cancel: gr.Button(interactive=False),
    }
    for error in run.errors:
        if isinstance(error, Refused):
            changes |= {parts.key: gr.Textbox(visible=True)} if error.wants_key else {}
            name = PARAM_FIELDS.get(error.param or "", error.param or "")
            changes |= {parts.fields[name]: _marked(name, str(error))} if name in parts.fields else {}
    return changes


def _marked(name: str, error: str | None) -> Any:
    """A field with an error at it, or without."""
    return gr.update(info=error or INFO[name], elem_classes=["invalid"] if error else [])
