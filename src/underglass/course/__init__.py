"""What turns a notebook into a course: questions, checks that name the broken rule, labs."""

from underglass.course.arm64 import arm64_listing
from underglass.course.check import check, check_answer, check_word
from underglass.course.failure import CheckFailed
from underglass.course.marks import Marks
from underglass.course.predict import Question, predict
from underglass.course.steps import find_step, last_store
from underglass.course.tries import hide_solutions, solution

__all__ = [
    "CheckFailed",
    "Marks",
    "Question",
    "arm64_listing",
    "check",
    "check_answer",
    "check_word",
    "find_step",
    "hide_solutions",
    "last_store",
    "predict",
    "solution",
]
