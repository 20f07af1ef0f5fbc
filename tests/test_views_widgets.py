from __future__ import annotations

from underglass.views.html import stepper_html
from underglass.views.payload import payload
from underglass.views.text import stepper_text
from underglass.views.widgets import Stepper
from views_traces import output_trace


def test_the_step_stays_within_the_run():
    trace = output_trace()
    stepper = Stepper(trace, step=10_000)
    assert stepper.step == len(trace)
    stepper.step = -3
    assert stepper.step == 0


def test_only_the_step_and_the_record_are_synced():
    stepper = Stepper(output_trace())
    assert stepper.payload == payload(output_trace())
    assert stepper.trait_metadata("step", "sync")


def test_every_front_end_gets_a_form_it_can_show():
    trace = output_trace()
    data, _ = Stepper(trace)._repr_mimebundle_()
    assert data["text/plain"] == stepper_text(trace)
    assert data["text/html"] == stepper_html(trace, standalone=False)
    assert "application/vnd.jupyter.widget-view+json" in data


def test_its_text_names_no_object():
    assert repr(Stepper(output_trace())) == repr(Stepper(output_trace()))
