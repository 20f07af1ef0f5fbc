"""What turns a notebook into a course: questions, checks that name the broken rule, labs."""

from underglass.course.arm64 import arm64_listing
from underglass.course.casestudy import case_study, source_text
from underglass.course.check import CheckFailed, check, check_word
from underglass.course.compiled import compiled, symabis
from underglass.course.predict import Question, predict
from underglass.course.steps import calls_made, find_step, last_store

__all__ = [
    "CheckFailed",
    "Question",
    "arm64_listing",
    "calls_made",
    "case_study",
    "check",
    "check_word",
    "compiled",
    "find_step",
    "last_store",
    "predict",
    "source_text",
    "symabis",
]
