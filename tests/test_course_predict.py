from __future__ import annotations

import pytest

from underglass.course import predict
from underglass.course.predict import _questions
from underglass.errors import UnderglassError


@pytest.mark.parametrize("name", sorted(_questions()))
def test_a_question_is_whole(name: str) -> None:
    question = predict(name)
    assert question.text.endswith("?")
    if question.choices:
        assert any(choice.is_right for choice in question.choices)
        assert not all(choice.is_right for choice in question.choices)
        assert len({choice.text for choice in question.choices}) == len(question.choices) >= 3
    else:
        assert question.answers
        assert len(question.wrong) >= 2
        assert not {str(wrong) for wrong in question.wrong} & set(question.answers)
    said = [choice.says for choice in question.choices] or [question.says, *question.wrong.values()]
    assert all(words.endswith(".") for words in said)
    offered = [choice.text for choice in question.choices]
    assert all(words.count("`") % 2 == 0 for words in (question.text, *offered, *said))


def test_the_gallery_asks_a_question_of_each_kind() -> None:
    kinds = {predict(f"gallery/{name}").kind for name in ("one", "several", "number", "address")}
    assert kinds == {"one", "several", "number", "address"}


def test_a_question_that_is_not_there() -> None:
    with pytest.raises(UnderglassError, match="Nearest: frame/entry"):
        predict("frame/entri")
