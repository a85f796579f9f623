"""The page's parts and what they call: the only file that knows Gradio's components."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from gan_jax.page import answers, texts, views
from gan_jax.page.answers import Shown, Worker
from gan_jax.page.damage import SLIDERS
from gan_jax.page.handlers import Page
from gan_jax.page.recent import Recent

HERE = Path(__file__).parent
CSS, CHOOSE, COMPARE = (
    (HERE / name).read_text(encoding="utf-8") for name in ("page.css", "choose.js", "compare.js")
)
FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "DejaVu Sans", "sans-serif"]
MONO = ["ui-monospace", "DejaVu Sans Mono", "monospace"]
SESSIONS, ANSWERS, CALLERS = 16, 64, 4096  # whose parts, answers and open calls Gradio remembers


def theme() -> gr.themes.Base:
    """Quiet, and with fonts that every machine has: none is fetched."""
    quiet = {"body_text_color_subdued": "#6b6560", "block_info_text_color": "#6b6560"}
    dark = {f"{name}_dark": "#a8a29e" for name in quiet}
    return gr.themes.Base(primary_hue="amber", neutral_hue="stone", font=FONTS, font_mono=MONO).set(
        **quiet, **dark
    )


def build(page: Page, worker: Worker, run: str) -> gr.Blocks:
    """The page for a model; `run` is its name for people."""
    ways = page.model.directions
    names = {way: views.labels(page.model.config.data, way) for way in ways}
    cycle = any(page.back(way) for way in ways)
    title = (" ⇄ " if len(ways) > 1 else " → ").join(names[ways[0]])
    with gr.Blocks(title=f"{title} · gan_jax", analytics_enabled=False, fill_width=True) as blocks:
        gr.HTML(texts.heading(title, run, page.model.step, page.model.config), elem_id="head")
        with gr.Row(elem_id="columns"):
            with gr.Column(scale=3, min_width=280):
                chosen = _choose(page)
                message = gr.HTML("", js_on_load=texts.DISMISS, elem_id="message")
            with gr.Column(scale=8, min_width=300):
                way, size = _wishes(page, names)
                with gr.Column(elem_id="results"):
                    there = _compared(texts.waiting(*names[ways[0]]), "there")
                    back = _compared("", "back", cycle)
        name = gr.Textbox(visible=False, elem_id="name")
        with gr.Column(visible=cycle, elem_id="hide"):
            hides = gr.HTML(texts.hides(*names[ways[0]]), elem_id="hides")
            with gr.Row():
                with gr.Column(scale=3, min_width=280):
                    sliders, reset = _sliders()
                with gr.Column(scale=8, min_width=300):
                    hidden = _compared(texts.WAITING, "hidden")
                    measure = gr.Button(texts.MEASURE, size="md", elem_id="measure")
                    curves = gr.HTML("", elem_id="curves")
        gr.HTML(texts.foot(page.limits), elem_id="foot")
        outputs = [message, way, name, there, back, hides, hidden, curves]
        given = [chosen, way, size, *sliders]
        call = _Calls(page, worker, outputs)
        call(chosen.change, answers.translate, given, show_progress_on=[there])
        call(way.input, answers.translate, given, show_progress_on=[there])
        call(size.input, answers.translate, given, show_progress_on=[there])
        for slider in sliders:
            call(slider.input, answers.hidden, [name, *sliders], show_progress="hidden")
        call(measure.click, answers.curves, [name], show_progress_on=[curves])
        offs = [slider.off for slider in SLIDERS.values()]
        done = reset.click(None, None, sliders, js=f"() => {offs}")  # in the browser alone
        call(done.then, answers.hidden, [name, *sliders], show_progress="hidden")
    blocks.queue(
        max_size=page.limits.queue, api_open=False, default_concurrency_limit=page.limits.concurrency
    )
    _forgetful(blocks)
    return blocks


def _forgetful(blocks: gr.Blocks) -> None:
    """Gradio keeps what thousands of sessions show, answers that nobody fetched, and all sessions that ever called.

    A session that it has forgotten begins anew, which nobody notices: the page keeps nothing there. Only one whose
    answer is being fetched must not be forgotten, and that one has just been used.
    """
    blocks.state_session_capacity = SESSIONS
    queue: Any = blocks._queue
    queue.pending_messages_per_session = Recent(ANSWERS)
    queue.pending_event_ids_session = Recent(CALLERS)


def _choose(page: Page) -> gr.HTML:
    template = texts.choose(page.limits) + views.thumbs(page.tests, page.model.config.data)
    return gr.HTML("", html_template=template, js_on_load=CHOOSE, elem_id="choose", most=page.limits.upload)


def _wishes(page: Page, names: dict[str, tuple[str, str]]) -> tuple[gr.Radio, gr.Radio]:
    ways, sizes = [(" → ".join(both), way) for way, both in names.items()], list(page.sizes)
    with gr.Row(elem_id="wishes"):
        way = gr.Radio(
            ways, value=ways[0][1], label="Direction", visible=len(ways) > 1, elem_id="way", min_width=240
        )
        size = gr.Radio(sizes, value=sizes[0], label="Size", info=texts.SIZE, elem_id="size", min_width=240)
    return way, size


def _compared(value: str, name: str, visible: bool = True) -> gr.HTML:
    return gr.HTML(value, js_on_load=COMPARE, elem_id=name, visible=visible)


def _sliders() -> tuple[list[gr.Slider], gr.Button]:
    sliders = [
        gr.Slider(s.least, s.most, s.off, step=s.step, label=s.label, info=s.unit, elem_id=name)
        for name, s in SLIDERS.items()
    ]
    return sliders, gr.Button("All undamaged", size="sm", elem_id="reset")


class _Calls:
    """Connects events with handlers, all in one queue."""

    def __init__(self, page: Page, worker: Worker, outputs: list[Any]) -> None:
        self.page, self.worker, self.outputs = page, worker, outputs

    def __call__(
        self, event: Callable[..., Any], handler: Callable[..., Shown], inputs: list[Any], **how: Any
    ) -> None:
        async def call(*values: object) -> list[Any]:
            shown = await self.worker.run(handler, self.page, *values)
            return [gr.skip() if part is None else part for part in shown]

        call.__name__ = handler.__name__

        event(
            call,
            inputs,
            self.outputs,
            concurrency_id="model",
            concurrency_limit=self.page.limits.concurrency,
            trigger_mode="always_last",
            api_visibility="private",
            **how,
        )
