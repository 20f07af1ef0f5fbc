"""The live stepper. It wires a few traits and the stepper's module together, and draws nothing itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from underglass.errors import UnderglassError
from underglass.views.html import module_text, stepper_html, style_text
from underglass.views.payload import packed, payload
from underglass.views.predict import Predict
from underglass.views.text import stepper_text

if TYPE_CHECKING:
    from underglass.trace import Trace

__all__ = ["Stepper"]


class Stepper(anywidget.AnyWidget):
    """A stepper of a trace in a notebook.

    `step` is the step that is shown, the same in Python and in the page: reading it tells where
    the reader is, setting it moves the reader. `what_if` is the run that the reader's last change
    gave, None before.

    Where no kernel answers, the same output is the static stepper (HTML), and where there is no
    browser it is `stepper_text`.
    """

    _esm = module_text()
    _css = style_text()

    step = traitlets.Int(0).tag(sync=True)
    record = traitlets.Bytes(b"").tag(sync=True)  # the record of `trace`, packed
    can_change = traitlets.Bool(False).tag(sync=True)  # whether a changed run can be made
    change = traitlets.Dict().tag(sync=True)  # what the reader wants changed: step, kind, name, value
    other = traitlets.Bytes(b"").tag(sync=True)  # the record of `what_if`, packed
    problem = traitlets.Unicode("").tag(sync=True)  # why there is none
    answered = traitlets.Int(0).tag(sync=True)  # counts the answers, so that two alike are told

    def __init__(
        self,
        trace: Trace,
        *,
        step: int = 0,
        predict: Iterable[Predict | int] = (),
        what_if: Trace | None = None,
        **traits: Any,
    ) -> None:
        self.trace = trace
        self.what_if = what_if
        self._predict = tuple(predict)
        record = payload(trace, predict=self._predict)
        self._hidden = {question["step"] for question in record["predict"]}
        other = packed(payload(what_if)) if what_if is not None else b""
        can_change = trace.again is not None
        super().__init__(record=packed(record), other=other, can_change=can_change, step=step, **traits)

    @traitlets.validate("step")
    def _within_the_run(self, proposal: dict[str, Any]) -> int:
        return max(0, min(int(proposal["value"]), len(self.trace)))

    @traitlets.observe("change")
    def _change(self, event: dict[str, Any]) -> None:
        """Run on from the reader's change; the run, or why there is none, goes back to the page."""
        asked = event["new"]
        try:
            step, text = _number(asked.get("step")), str(asked.get("value", ""))
            if asked.get("kind") == "instruction":
                self.what_if = self.trace.what_if(step, instruction=text)
            else:  # the page has read the value, and sends it as a hexadecimal number
                self.what_if = self.trace.what_if(step, str(asked.get("name", "")), _number(text, 16))
        except UnderglassError as error:
            self.problem = str(error)
        else:
            self.problem, self.other = "", packed(payload(self.what_if))
        self.answered += 1

    def __repr__(self) -> str:
        return stepper_text(self.trace, hidden=self._hidden)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget, the static stepper and the text, for each front end the one it can show."""
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        static = stepper_html(
            self.trace, step=self.step, standalone=False, predict=self._predict, what_if=self.what_if
        )
        return {**data, "text/plain": repr(self), "text/html": static}, metadata


def _number(held: object, base: int = 10) -> int:
    try:
        return int(str(held), base)
    except ValueError:
        raise UnderglassError(f"{held!r} is no number. Type one: 7, -7 or 0x7.") from None
