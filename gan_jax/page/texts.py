"""The words on the page."""

from html import escape

from ml_collections import ConfigDict

from gan_jax.page.limits import Limits

SIZE = "It has learnt at the first; others may look different."
WAITING = '<div class="waiting"><p>What damage does to it, and to the way back, will stand here.</p></div>'
DISMISS = "element.addEventListener('click', () => element.querySelector('.message')?.remove());"
MEASURE = "Draw the decay under each kind of damage"


def heading(title: str, run: str, step: int, config: ConfigDict) -> str:
    """What this is: the two kinds of picture, the run, the system and how far it has been trained."""
    trained = f"step {step:,}" + (f" of {config.steps:,}" if step < config.steps else "")
    return f"<h1>{escape(title)}</h1><p>{escape(config.gan)}, {escape(run)}, {trained}</p>"


def choose(limits: Limits) -> str:
    """Where a picture is dropped. Nothing here may hold "${": it is a template for Gradio."""
    return f"""<label class="drop"><input type="file" accept="image/*,.tif,.tiff,.npy" aria-label="Choose a picture">
<b>Drop a picture here</b><span>or press to choose one, or paste it. Up to {limits.max_megabytes:g} MB.</span></label>
<p class="note message" role="alert" hidden></p>"""


def waiting(given: str, made: str) -> str:
    """What stands where the pictures will."""
    return (
        f'<div class="waiting"><p>The {escape(given)} and the {escape(made)} made of it will stand here, '
        "one upon the other.</p></div>"
    )


def hides(given: str, made: str) -> str:
    """What the sliders are for."""
    given, made = escape(given), escape(made)
    return f"""<h2>What does the {made} hide?</h2>
<p>The way back sees the {made} alone. Yet a network that wants its {given} back may write it into the {made} in changes
that nobody sees. Damage the {made} a little: if what comes back falls apart although the {made} looks the same, the
{given} was hidden there; if it stays, the {given} was guessed from what all can see.</p>"""


def foot(limits: Limits) -> str:
    """What becomes of a visitor's picture."""
    return (
        f"<p>Your picture stays in the memory of the computer that serves this page, among the last {limits.held}; "
        "no file is made of it. Everything on this page comes from that computer.</p>"
    )
