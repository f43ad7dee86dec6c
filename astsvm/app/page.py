"""The page: what is asked on the left, the answer on the right; one below the other on a phone."""

from __future__ import annotations

from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from astsvm.app.answer_page import filled
from astsvm.app.desk import Desk
from astsvm.app.examples import EXAMPLES
from astsvm.errors import MissingResourceError

if TYPE_CHECKING:
    from gradio import Blocks

__all__ = ["TITLE", "build_page", "page_styles", "require_gradio"]

TITLE = "astsvm"
_MOST_VISITORS = 16
"""Whose last answers may lie in memory, should they leave before these are forgotten."""
_INVITATION = "The answer appears here."
_SEND = "async (ticket, problem, ...fields) => [...(await astsvm.send()), ...fields]"
_SHOW = "() => astsvm.showAnswer()"


def require_gradio() -> None:
    """Check that gradio is there.

    Raises
    ------
    MissingResourceError
        If it is not.
    """
    # Not imported yet: gradio reads its environment then.
    if find_spec("gradio") is None:
        raise MissingResourceError(
            "the app needs gradio, which is not installed. In the repository's folder: "
            "pip install --constraint constraints.txt -e '.[app]'"
        )


def build_page(desk: Desk) -> Blocks:
    """Build the page; one question at a time is answered, the others wait in a queue.

    Parameters
    ----------
    desk : Desk
        Answers.
    """
    import gradio

    with gradio.Blocks(title=TITLE, analytics_enabled=False) as page:
        gradio.HTML(_heading(desk), elem_id="heading")
        with gradio.Row():
            with gradio.Column(scale=1, min_width=300):
                sent, fields = _clip_fields(desk)
                example, asked_example = _example_fields()
            with gradio.Column(scale=2, min_width=320):
                answer = gradio.HTML(f"<p class='note'>{_INVITATION}</p>", elem_id="answer")
        ticket, problem = (gradio.Textbox(visible=False) for _ in range(2))

        def answer_sent(
            ticket: Any,
            problem: Any,
            onset: Any,
            offset: Any,
            fps: Any,
            whole: Any,
            progress: Any = gradio.Progress(),  # noqa: B008
        ) -> str:
            return desk.answer_sent(
                ticket, problem, (onset, offset, fps, whole), _shown_by(progress)
            )

        def answer_example(name: Any, progress: Any = gradio.Progress()) -> str:  # noqa: B008
            return desk.answer_example(name, _shown_by(progress))

        def forget(request: gradio.Request) -> None:
            # Gradio keeps what it last showed to each visitor; answers are not to be kept.
            page.state_holder.session_data.pop(request.session_hash, None)

        # Gradio goes by the type, and cannot read it as text: it is known in here only.
        forget.__annotations__["request"] = gradio.Request

        # One queue for all: the model answers one question at a time.
        common: dict[str, Any] = {
            "outputs": answer,
            "concurrency_limit": 1,
            "concurrency_id": "model",
            "api_visibility": "private",
        }
        asked = [
            sent.click(answer_sent, inputs=[ticket, problem, *fields], js=_SEND, **common),
            asked_example.click(answer_example, inputs=[example], **common),
        ]
        for answered in asked:
            answered.then(forget, js=_SHOW, api_visibility="private")
    page.state_session_capacity = _MOST_VISITORS
    page.queue(max_size=desk.intake.limits.waiting, api_open=False)
    return page


def page_styles() -> dict[str, Any]:
    """Return how the page looks and what it does by itself; no font comes from elsewhere."""
    import gradio

    theme = gradio.themes.Default(
        primary_hue="blue",
        font=("system-ui", "sans-serif"),
        font_mono=("ui-monospace", "monospace"),
    )
    return {
        "theme": theme,
        "css": _template("style.css"),
        "head": f"<script>{_template('page.js')}</script>",
    }


def _heading(desk: Desk) -> str:
    model = desk.recognizer
    return filled(
        "heading.html",
        name=desk.model_name,
        classes=model.class_names,
        synthetic=model.synthetic,
        calibrated=model.calibrated,
    )


def _clip_fields(desk: Desk) -> tuple[Any, list[Any]]:
    """Place what is asked about a clip; return the button and the fields."""
    import gradio

    from astsvm.preprocessing.video_file import VIDEO_SUFFIXES

    limits = desk.intake.limits
    chooser = filled(
        "chooser.html",
        suffixes=sorted(VIDEO_SUFFIXES),
        bytes=limits.bytes,
        limits=limits.describe(),
        refusal=f"The file is too large: the app takes {limits.describe()}",
    )
    gradio.HTML(chooser, js_on_load="astsvm.prepare(element)", elem_id="chooser")
    with gradio.Accordion("Where is the expression? (if you know)", open=False):
        # Text, because an empty field for numbers becomes 0 when it is first shown.
        with gradio.Row():
            onset = gradio.Textbox(label="Onset, frame from 0", max_length=9, min_width=100)
            offset = gradio.Textbox(label="Offset, frame", max_length=9, min_width=100)
        fps = gradio.Textbox(
            label="Frames per second, if the video states them wrongly", max_length=9
        )
        whole = gradio.Checkbox(label="The whole clip is one expression")
        gradio.HTML(
            "<p class='note'>Left empty, the clip is searched: a window of half a second slides "
            "over it. What is shorter counts as one expression.</p>"
        )
    return gradio.Button("Recognise", variant="primary", elem_id="recognise"), [
        onset,
        offset,
        fps,
        whole,
    ]


def _example_fields() -> tuple[Any, Any]:
    """Place the examples; return the choice and the button."""
    import gradio

    example = gradio.Radio(
        list(EXAMPLES), value=next(iter(EXAMPLES)), label="Or a drawn face, moved by us"
    )
    return example, gradio.Button("Draw and recognise", elem_id="example")


def _shown_by(progress: Any) -> Any:
    return lambda done, count: progress((done, count), unit="frames")


def _template(name: str) -> str:
    return (files("astsvm.app") / "templates" / name).read_text(encoding="utf-8")
