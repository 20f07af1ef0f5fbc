"""Similar answers side by side, for a teacher to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from underglass.grading.labfacts import LabFacts
from underglass.grading.pages import cut, file_name, page, shown
from underglass.grading.similarity import Exercise, Pair

__all__ = ["similarity_html"]

_MOST_TEXT = 6_000  # characters of an answer


def similarity_html(labs: Sequence[LabFacts], found: Mapping[str, Sequence[Exercise]]) -> str:
    """Return the page of similar answers, by lab and exercise."""
    return page(
        "similarity.html.j2",
        labs=[
            {
                "facts": lab,
                "exercises": [
                    {"facts": exercise, "pairs": [_pair(pair) for pair in exercise.pairs]}
                    for exercise in found.get(lab.lab, ())
                ],
            }
            for lab in labs
        ],
    )


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "share": f"{100 * pair.share:.0f}%",
        "literal": f"{100 * pair.literal:.0f}%",
        "sides": [
            (student, file_name(student), list(_runs(text, lines)))
            for student, text, lines in zip(pair.students, pair.texts, pair.lines, strict=True)
        ],
    }


def _runs(text: str, lines: frozenset[int]) -> Iterator[tuple[bool, str]]:
    """(whether it is shared, text) of each run of lines."""
    run: list[str] = []
    is_shared = False
    for number, line in enumerate(shown(cut(text.replace("\r", ""), _MOST_TEXT)).split("\n"), 1):
        if (number in lines) != is_shared:
            if run:
                yield is_shared, "\n".join(run)
            run, is_shared = [], number in lines
        run.append(line)
    if run:
        yield is_shared, "\n".join(run)
