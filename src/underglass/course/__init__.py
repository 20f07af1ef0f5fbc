"""What turns a notebook into a course: questions, checks that name the broken rule, labs."""

from underglass.course.arm64 import arm64_listing
from underglass.course.assembled import assembler_says, listing
from underglass.course.assembler import refusal
from underglass.course.bare import check_bare, power_on
from underglass.course.casestudy import case_study, source_text
from underglass.course.chainover import chain_over
from underglass.course.check import check, check_answer, check_word
from underglass.course.collector import ending, last_words, pointers_at, scan_of
from underglass.course.compiled import compiled, symabis
from underglass.course.data import address_of, bytes_of, section_of
from underglass.course.failure import CheckFailed
from underglass.course.gnuobject import gnu_object
from underglass.course.inlined import inliner_says, judged
from underglass.course.linked import linker_says, vet_says
from underglass.course.listings import remarks, shown_by
from underglass.course.marks import Marks
from underglass.course.moved import moved_words
from underglass.course.predict import Question, predict
from underglass.course.steps import calls_made, find_step, last_store
from underglass.course.threads import stack_at, thread_changes, visits
from underglass.course.tries import hide_solutions, solution
from underglass.course.twocpus import TwoCpus

__all__ = [
    "CheckFailed",
    "Marks",
    "Question",
    "TwoCpus",
    "address_of",
    "arm64_listing",
    "assembler_says",
    "bytes_of",
    "calls_made",
    "case_study",
    "chain_over",
    "check",
    "check_answer",
    "check_bare",
    "check_word",
    "compiled",
    "ending",
    "find_step",
    "gnu_object",
    "hide_solutions",
    "inliner_says",
    "judged",
    "last_store",
    "last_words",
    "linker_says",
    "listing",
    "moved_words",
    "pointers_at",
    "power_on",
    "predict",
    "refusal",
    "remarks",
    "scan_of",
    "section_of",
    "shown_by",
    "solution",
    "source_text",
    "stack_at",
    "symabis",
    "thread_changes",
    "vet_says",
    "visits",
]
