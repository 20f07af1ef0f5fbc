"""What turns a notebook into a course: questions, checks that name the broken rule, labs."""

from underglass.course.arm64 import arm64_listing
from underglass.course.bare import power_on
from underglass.course.check import CheckFailed, check, check_word
from underglass.course.predict import Question, predict
from underglass.course.steps import find_step, last_store

__all__ = [
    "CheckFailed",
    "Question",
    "arm64_listing",
    "check",
    "check_word",
    "find_step",
    "last_store",
    "power_on",
    "predict",
]
