"""A run as HTML. Everything that came from a person or the service is escaped."""

import base64
from dataclasses import replace
from html import escape

from gradio_ui import share
from gradio_ui.client import Done, Queued, Step
from gradio_ui.errors import Refused, UiError
from gradio_ui.runs import Drawing, Run


def progress(run: Run) -> str:
    """What happens now: a line for all, then one for each picture that is not finished."""
    rows = "".join(_row(drawing) for drawing in run.drawings if not drawing.picture and not run.cancelled)
    return f'<p class="summary" role="status">{escape(_summary(run))}</p><ol class="drawings">{rows}</ol>'


def _summary(run: Run) -> str:
    done, of = len(run.pictures), len(run.drawings)
    if run.cancelled:
        return f"Cancelled. {done} of {of} pictures were finished." if done else "Cancelled."
    if not run.over:
        return "Drawing one picture." if of == 1 else f"Drawing {of} pictures."
    if run.errors:
        return "" if not done else f"{done} of {of} pictures are finished."
    return "One picture is finished." if of == 1 else f"{of} pictures are finished."


def _row(drawing: Drawing) -> str:
    seed = f'<span class="seed">seed {escape(drawing.seed)}</span>'
    if drawing.error:
        again = " again" if drawing.error.may_pass else ""  # page.css shows the button to try again beside it
        return f'<li class="error{again}" role="alert">{escape(explain(drawing.error))}</li>'
    if drawing.starting:
        return f"<li>{seed}{_bar(None)}<span>The service is starting and will draw it as soon as it can.</span></li>"
    match drawing.event:
        case Step(step, of):
            return f"<li>{seed}{_bar(drawing.event)}<span>step {step} of {of}</span></li>"
        case Queued(position):
            before = f"queued, {position} before it" if position else "next to be drawn"
            return f"<li>{seed}{_bar(None)}<span>{before}</span></li>"
    return f"<li>{seed}{_bar(None)}<span>waiting for the service</span></li>"


def _bar(step: Step | None) -> str:
    value = f'value="{step.step}" max="{step.of}"' if step else ""
    return f'<progress aria-label="progress of the picture" {value}></progress>'


def explain(error: UiError) -> str:
    """An error as a sentence that says what to do."""
    if isinstance(error, Refused):
        if error.wants_key:
            return "The service wants an API key, or does not know the one given. Please enter it below."
        if error.retry_after is not None:
            return f"The service cannot take it now: {error}. It asks to try again in {error.retry_after} s."
    return str(error)


def banner(text: str, alert: bool = True) -> str:
    role = "alert" if alert else "status"
    return f'<p class="banner" role="{role}">{escape(text)}</p>' if text else ""


def pictures(run: Run) -> str:
    """The finished pictures, in order of their drawings."""
    return "".join(_figure(run, drawing.picture) for drawing in run.drawings if drawing.picture)


def _figure(run: Run, picture: Done) -> str:
    form = replace(run.form, seed=str(picture.seed), n=1)
    facts = [f"{form.steps:g} steps", f"guidance {form.guidance_scale:g}", form.scheduler, form.size, picture.model]
    source = f"data:{escape(picture.media_type)};base64,{base64.b64encode(picture.data).decode()}"
    negative = f"<span>without: {escape(form.negative_prompt)}</span>" if form.negative_prompt else ""
    warnings = "".join(f'<span class="warning">{escape(text)}</span>' for text in picture.warnings)
    name = f"imagine-{picture.seed}.{picture.media_type.rpartition('/')[2]}"
    return (
        f'<figure class="picture" data-key="{run.began}-{picture.seed}">'
        f'<img src="{source}" alt="{escape(form.prompt)}">'
        f"<figcaption><strong>seed {picture.seed}</strong><span>{escape(form.prompt)}</span>{negative}"
        f'<span class="facts">{escape(" · ".join(fact for fact in facts if fact))}</span>{warnings}'
        '<span class="actions">'
        f'<button type="button" data-download="{escape(name)}">Download</button>'
        f'<button type="button" data-query="{escape(share.to_query(form))}">Use these settings</button>'
        "</span></figcaption></figure>"
    )
