"""The live stepper. It wires one trait and the stepper's module together, and draws nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from underglass.views.html import module_text, stepper_html, style_text
from underglass.views.payload import payload
from underglass.views.text import stepper_text

if TYPE_CHECKING:
    from underglass.trace import Trace

__all__ = ["Stepper"]


class Stepper(anywidget.AnyWidget):
    """A stepper of a trace in a notebook.

    `step` is the step that is shown, the same in Python and in the page: reading it tells where
    the reader is, setting it moves the reader.

    Where no kernel answers, the same output is the static stepper (HTML), and where there is no
    browser it is `stepper_text`.
    """

    _esm = module_text()
    _css = style_text()

    payload = traitlets.Dict().tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)

    def __init__(self, trace: Trace, *, step: int = 0, **traits: Any) -> None:
        self.trace = trace
        super().__init__(payload=payload(trace), step=step, **traits)

    @traitlets.validate("step")
    def _within_the_run(self, proposal: dict[str, Any]) -> int:
        return max(0, min(int(proposal["value"]), len(self.trace)))

    def __repr__(self) -> str:
        return stepper_text(self.trace)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget, the static stepper and the text, for each front end the one it can show."""
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        plain = {
            "text/plain": repr(self),
            "text/html": stepper_html(self.trace, step=self.step, standalone=False),
        }
        return {**data, **plain}, metadata
