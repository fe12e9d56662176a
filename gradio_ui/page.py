"""The page: its parts and what each of them does."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from gradio_ui.form import FIELDS

HERE = Path(__file__).parent
SCRIPT = f"<script>{(HERE / 'page.js').read_text()}</script>"
STYLE = (HERE / "page.css").read_text()
BROWSER = """
<label class="file">Drop a generated PNG anywhere on this page, or choose one here, to restore its settings
<input type="file" accept="image/png"></label>
"""
HISTORY = """
<section id="history" hidden aria-label="History">
<h2>Earlier in this session</h2>
<div id="history-list"></div>
</section>
"""
"""The browser fills it; Python never sees what is in it."""


def theme() -> gr.themes.Base:
    """Fonts of the person's own system: nothing is fetched."""
    return gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])


@dataclass(frozen=True)
class Parts:
    """The components that events read and write."""

    banner: gr.HTML
    key: gr.Textbox
    fields: dict[str, Any]
    examples: gr.Dataset
    generate: gr.Button
    cancel: gr.Button
    retry: gr.Button
    dice: gr.Button
    reuse: gr.Button
    progress: gr.HTML
    pictures: gr.HTML
    browser: gr.HTML
    query: gr.Textbox
    link: gr.Textbox
    timer: gr.Timer
    last_seed: gr.State

    @property
    def form(self) -> list[Any]:
        """The fields in the order of `Form`."""
        return [self.fields[name] for name in FIELDS]


def build_parts() -> Parts:
    """Lay out the page. To be called inside a Blocks."""
    gr.Markdown("# imagine")
    parts: dict[str, Any] = {"banner": gr.HTML(elem_id="banner"), "fields": {}}
    with gr.Row(elem_id="layout"):
        with gr.Column(elem_id="ask"):
            parts |= _ask(parts["fields"])
        with gr.Column(elem_id="result"):
            parts["progress"] = gr.HTML(elem_id="progress")
            parts["retry"] = gr.Button("Try again", elem_id="retry")
            parts["pictures"] = gr.HTML(
                elem_id="pictures", html_template='<div class="pictures">${value}</div>', value=""
            )
            gr.HTML(HISTORY)
        with gr.Column(elem_id="settings"):
            parts |= _settings(parts["fields"])
    return Parts(**parts, timer=gr.Timer(2), last_seed=gr.State(""))


def _ask(fields: dict[str, Any]) -> dict[str, Any]:
    fields["prompt"] = gr.Textbox(
        label="Prompt", info=INFO["prompt"], lines=3, max_lines=8, autofocus=True, elem_id="prompt"
    )
    fields["negative_prompt"] = gr.Textbox(label="Negative prompt", info=INFO["negative_prompt"], elem_id="negative")
    with gr.Row():
        generate = gr.Button("Generate", variant="primary", interactive=False, elem_id="generate")
        cancel = gr.Button("Cancel", interactive=False, elem_id="cancel")
    key = gr.Textbox(
        label="API key", info="kept in this page only", type="password", visible=False, elem_id="key",
        html_attributes=gr.InputHTMLAttributes(autocomplete="off"),
    )  # fmt: skip
    return {"generate": generate, "cancel": cancel, "key": key}


INFO = {
    "prompt": "Ctrl-Enter draws, Escape cancels",
    "negative_prompt": "what shall not be seen; of effect with a guidance above 1",
    "model": "",
    "size": "",
    "steps": "",
    "guidance_scale": "how closely the prompt is followed",
    "scheduler": "",
    "seed": "empty: a random one. The same seed and settings give the same picture",
    "n": "each with the seed after the one before",
}
"""The line under a field's label. An error of the field takes its place."""


def _settings(fields: dict[str, Any]) -> dict[str, Any]:
    examples = gr.Dataset(
        label="Examples", components=[fields["prompt"]], samples=[[""]], layout="gallery", visible=False
    )
    fields["seed"] = gr.Textbox(label="Seed", info=INFO["seed"], placeholder="random", max_lines=1, elem_id="seed")
    with gr.Row():
        dice = gr.Button("⚄ Random seed", size="sm", elem_id="dice")
        reuse = gr.Button("↺ Reuse last seed", size="sm", elem_id="reuse")
    fields["n"] = gr.Slider(1, 4, 1, step=1, label="Number of pictures", info=INFO["n"], elem_id="n")
    fields["steps"] = gr.Slider(1, 100, 25, step=1, label="Steps", elem_id="steps")
    fields["guidance_scale"] = gr.Slider(
        0, 50, 4, step=0.1, label="Guidance", info=INFO["guidance_scale"], elem_id="guidance"
    )
    with gr.Row():
        fields["size"] = gr.Dropdown(label="Size", elem_id="size", min_width=120)
        fields["scheduler"] = gr.Dropdown(label="Scheduler", elem_id="scheduler", min_width=120)
    fields["model"] = gr.Dropdown(label="Model", elem_id="model")
    load = "imaginePage(element, trigger)"
    browser = gr.HTML(BROWSER, js_on_load=load, elem_id="browser")
    link = gr.Textbox(label="Link to these settings", interactive=False, elem_id="link")
    query = gr.Textbox(visible="hidden", elem_id="query")
    return {"examples": examples, "dice": dice, "reuse": reuse, "browser": browser, "link": link, "query": query}
