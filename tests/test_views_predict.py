from __future__ import annotations

import pytest

from underglass.errors import UnderglassError
from underglass.views.payload import payload
from underglass.views.predict import Predict
from views_traces import output_trace, step_at, trace_of


def asked(*questions, trace=None):
    return payload(trace or output_trace(), predict=questions)["predict"]


def test_a_step_alone_asks_for_what_it_changes():
    trace = output_trace()
    add, store = step_at(trace, "main.add", "ADDQ"), step_at(trace, "main.output.abi0", "MOVQ BX, 0x8(SP)")
    (one,) = asked(add)
    assert (one["kind"], one["name"], int(one["answer"], 16)) == ("register", "AX", 27)
    assert one["ask"] == "What does `AX` hold after `ADDQ BX, AX`?"
    (one,) = asked(store)
    assert (one["kind"], one["name"], int(one["answer"], 16)) == ("word", "8(SP)", 4)


def test_every_step_can_be_asked_about():
    for trace in (output_trace(), trace_of("fib", 4), trace_of("half", 3.0)):
        questions = asked(*range(len(trace)), trace=trace)
        assert len(questions) == len(trace)
        for one in questions:
            if one["kind"] == "register":
                assert int(one["answer"], 16) == trace.register(one["step"] + 1, one["name"])


def test_a_word_is_named_as_the_frame_names_it_and_keeps_its_size():
    step = step_at(output_trace(), "main.output.abi0", "CALL")
    (one,) = asked(Predict(step + 0, "ret+16(FP)", wrong={-1: "It is not set yet."}))
    assert one["size"] == 8
    assert one["wrong"] == {"ffffffffffffffff": "It is not set yet."}


def test_the_questions_come_in_the_order_of_their_steps_and_one_a_step():
    assert [one["step"] for one in asked(9, 3, 9)] == [3, 9]


@pytest.mark.parametrize(
    ("question", "part"),
    [
        (99, "none at step 99"),
        (-1, "none at step -1"),
        ("3", "none at step '3'"),
        (Predict(3, "QQ"), "Nobody knows what 'QQ' is"),
        (Predict(3, "0x10"), "has no memory at 0x10"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(question, part):
    with pytest.raises(UnderglassError, match=part):
        asked(question)
