"""What only Gradio knows of the page."""

import asyncio

import pytest

from gan_jax.model import Model
from gan_jax.page import server
from gan_jax.page.answers import Worker

pytest.importorskip("gradio", reason="the page needs Gradio: pip install -e '.[serve]'")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def build(page):
    def build(**changes):
        from gan_jax.page.layout import build

        async def within_a_loop():  # or Gradio makes some, and leaves them open
            return build(page._replace(**changes), Worker(1, 1), "run")

        with server.offline():
            return asyncio.run(within_a_loop())

    return build


def gradio_queue():
    import gradio as gr

    async def within_a_loop():
        return gr.Blocks(analytics_enabled=False).queue()._queue

    return asyncio.run(within_a_loop())


def parts(blocks):
    return {part["props"].get("elem_id"): part["props"] for part in blocks.get_config_file()["components"]}


def test_all_calls_share_one_bounded_queue(build, page):
    blocks = build()
    called = [function for function in blocks.fns.values() if function.fn is not None]
    assert {(function.concurrency_id, function.concurrency_limit) for function in called} == {("model", 1)}
    assert {function.api_visibility for function in called} == {"private"}
    assert blocks._queue.max_size == page.limits.queue


def test_what_gradio_remembers_is_bounded(build):
    """Its names are private: where these are new, see what bounds its memory now."""
    blocks, fresh = build(), gradio_queue()
    for kept, most in (("pending_messages_per_session", 64), ("pending_event_ids_session", 4096)):
        assert hasattr(fresh, kept)
        remembered = getattr(blocks._queue, kept)
        for i in range(5000):
            remembered[str(i)] = set()
        assert len(remembered) == most
    assert blocks.state_session_capacity == 16
    assert blocks._queue.ANALYTICS_MAX_EVENTS == 1


def test_only_directions_that_the_model_has(build, config, page):
    both, one = parts(build()), parts(build(model=Model(config, 1, {"x2y": page.model.networks["x2y"]})))
    assert [value for _, value in both["way"]["choices"]] == ["x2y", "y2x"]
    for name in ("way", "back", "hide"):
        assert both[name]["visible"]
        assert not one[name]["visible"]


def test_no_part_stores_files(build):
    """Those of Gradio's parts that take or give files would put them where others may ask for them."""
    kinds = {part["type"] for part in build().get_config_file()["components"]}
    assert kinds <= {"html", "radio", "slider", "button", "textbox", "row", "column", "form"}
