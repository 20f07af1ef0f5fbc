"""What turns a notebook into a course: questions, checks that name the broken rule, labs."""

from underglass.course.arm64 import arm64_listing
from underglass.course.assembled import assembler_says, listing
from underglass.course.assembler import refusal
from underglass.course.bare import check_bare, power_on
from underglass.course.casestudy import case_study, source_text
from underglass.course.check import check, check_answer, check_word
from underglass.course.compiled import compiled, symabis
from underglass.course.data import bytes_of, section_of
from underglass.course.failure import CheckFailed
from underglass.course.linked import linker_says
from underglass.course.listings import shown_by
from underglass.course.marks import Marks
from underglass.course.predict import Question, predict
from underglass.course.steps import calls_made, find_step, last_store
from underglass.course.tries import hide_solutions, solution

__all__ = [
    "CheckFailed",
    "Marks",
    "Question",
    "arm64_listing",
    "assembler_says",
    "bytes_of",
    "calls_made",
    "case_study",
    "check",
    "check_answer",
    "check_bare",
    "check_word",
    "compiled",
    "find_step",
    "hide_solutions",
    "last_store",
    "linker_says",
    "listing",
    "power_on",
    "predict",
    "refusal",
    "section_of",
    "shown_by",
    "solution",
    "source_text",
    "symabis",
]
