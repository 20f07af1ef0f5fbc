"""Which answers to an exercise resemble each other more than the exercise explains.

An answer becomes a list of shapes, one an instruction (or one a Go token), without what is changed to hide a
copy: comments, labels, white space, and the names of registers, variables and helpers. Runs of shapes are its
fingerprints; the lines as they were written are compared beside them, for a copy that hides nothing. What
the stub or the reference solution has counts nothing. What two answers share counts 1, and less the more
answers have it, down to 0 for all of them. A pair is named when what it shares is a large part of the smaller
of the two, and enough: a class of n has n*n/2 pairs, and some have the same short answer by chance.

The idea of fingerprints of k tokens is Schleimer, Wilkerson and Aiken's (Winnowing, SIGMOD 2003); all are
kept here, since answers are short.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from underglass.grading.labfacts import AnswerFacts, LabFacts
from underglass.toolchain import asmlex, golex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Exercise", "Pair", "Shape", "shapes", "similar"]

THRESHOLD = 0.6  # of the smaller answer's weight
LEAST = 5.0  # weight that a pair has to share: fingerprints that no third student has
_LENGTHS = {"asm": 3, "go": 8}  # shapes of a fingerprint
_MOST_TEXT, _MOST_SHAPES = 60_000, 1_500  # characters and shapes of an answer that are looked at
_SHORT_LINE = 3  # characters of a line that says nothing: RET, }
_SMALL_CLASS = 8  # in a smaller one, all may have a fingerprint, and it still counts
_BLOCK = 4096  # fingerprints of one product of matrices

# cmd/asm/internal/arch/arch.go, archX86 and archArm64, Go 1.27. SP, FP, SB and g cannot be renamed.
_REGISTER = re.compile(
    r"[A-D][XLH]|[SD]IL?|BPL?|R(?:[0-9]|[12][0-9]|30)[BWL]?|[XYZ](?:[0-9]|[12][0-9]|3[01])|[FV]\d{1,2}"
)
# The Go specification, "Keywords".
_GO_WORDS = re.compile(
    "break|case|chan|const|continue|default|defer|else|fallthrough|for|func|go|goto|if|import|interface|map"
    "|package|range|return|select|struct|switch|type|var"
)


@dataclass(frozen=True)
class Shape:
    """An instruction, or a token, without the names that its author was free to choose."""

    text: str  # "MOVQ 8(FP),R"
    line: int  # 1-based, in the answer


@dataclass(frozen=True)
class Pair:
    """Two answers to look at side by side."""

    students: tuple[str, str]
    share: float  # of the smaller answer's weight, that both have: 0 … 1
    literal: float  # the same of lines as they were written, names and comments included
    texts: tuple[str, str]
    lines: tuple[frozenset[int], frozenset[int]]  # 1-based, in each: what both have


@dataclass(frozen=True)
class Exercise:
    """The pairs of one answer cell, those first that share the most."""

    id: str  # grade_id
    compared: int  # answers that say more than stub and reference
    pairs: tuple[Pair, ...]
    left_off: int  # pairs beyond the most that are kept


def similar(
    lab: LabFacts, *, threshold: float = THRESHOLD, least: float = LEAST, most: int = 60
) -> tuple[Exercise, ...]:
    """Return the pairs of similar answers of each exercise in assembly or Go; typed answers say too little.

    Args:
        threshold: share of the smaller answer that both have to hold.
        least: weight that a pair has to share.
        most: pairs of an exercise that are kept.
    """
    texts: dict[str, dict[str, str]] = {}
    for verdict in lab.verdicts:
        for answer in verdict.answers:
            if answer.found in ("by id", "by content") and answer.text:
                texts.setdefault(answer.id, {})[verdict.student] = answer.text
    known = {facts.id: facts for facts in lab.answers}
    order = [*known, *sorted(texts.keys() - known.keys())]
    found = []
    for name in order:
        facts = known.get(name) or AnswerFacts(name, _language(texts[name]), "", "")
        if facts.language and name in texts:
            found.append(_exercise(facts, texts[name], threshold, least, most))
    return tuple(found)


def _language(texts: dict[str, str]) -> str:
    """The language that most of the answers state; "" for none."""
    words = Counter(text.lstrip()[:5].split(maxsplit=1)[0] if text.strip() else "" for text in texts.values())
    return words.most_common(1)[0][0].removeprefix("%%") if set(words) & {"%%asm", "%%go"} else ""


def shapes(text: str, language: str) -> list[Shape]:
    """Return what an answer is made of, in its order.

    >>> [shape.text for shape in shapes("loop: ADDQ x+8(FP), CX // more", "asm")]
    ['ADDQ 8(FP),R']
    """
    body = re.sub(r"\A(\s*)%%.*", r"\1", text.replace("\r", "")[:_MOST_TEXT])
    made = _of_assembly(body) if language == "asm" else _of_go(body)
    return [shape for shape, _ in zip(made, range(_MOST_SHAPES), strict=False)]


def _of_assembly(text: str) -> Iterator[Shape]:
    for statement in asmlex.statements(text):
        if statement[0].text == "#":
            continue
        while len(statement) > 1 and statement[1].text == ":":
            statement = statement[2:]
        if statement:
            words = [token.text for token in statement]
            operands = "".join(_operands(words[1:]))
            yield Shape(f"{words[0].upper()} {operands}".rstrip(), statement[0].line)


def _operands(words: Sequence[str]) -> Iterator[str]:
    """The operands with registers, symbols, labels and names of slots taken out; numbers have one form."""
    for at, word in enumerate(words):
        after = words[at + 1] if at + 1 < len(words) else ""
        if _REGISTER.fullmatch(word):
            yield "V" if word[0] in "XYZVF" else "R"
        elif word in ("SP", "FP", "SB", "g"):
            yield word
        elif word[0].isdigit():
            yield _number(word)
        elif word[0].isalpha() or word[0] in "_·∕":
            yield "" if after in ("+", "-") else "n"  # x+0(FP): the name is a comment to the assembler
        elif word == "+" and words[at - 1][:1].isalpha():
            continue
        else:
            yield word


def _number(word: str) -> str:
    try:
        return str(int(word, 0))
    except ValueError:
        return word


def _of_go(text: str) -> Iterator[Shape]:
    for token in golex.tokens(text):
        if token.kind not in ("comment", "newline"):
            is_free = token.kind == "name" and not _GO_WORDS.fullmatch(token.text)
            yield Shape("n" if is_free else token.text, token.line)


def _prints(made: Sequence[Shape], length: int) -> list[str]:
    """The fingerprint that begins at each shape."""
    words = [shape.text for shape in made]
    return ["\n".join(words[at : at + length]) for at in range(len(words) - length + 1)]


def _exercise(
    facts: AnswerFacts, texts: dict[str, str], threshold: float, least: float, most: int
) -> Exercise:
    length = _LENGTHS[facts.language]
    students = sorted(texts)
    held = [shapes(texts[student], facts.language) for student in students]
    given: set[str] = set()
    given_lines: set[str] = set()
    for text in (facts.stub, facts.reference):
        given.update(_prints(shapes(text, facts.language), length))
        given_lines.update(_literal(text).values())
    prints = [set(_prints(made, length)) - given for made in held]
    literal = [_literal(texts[student]) for student in students]
    meant = _alike(prints, threshold, least)
    written = _alike([set(lines.values()) - given_lines for lines in literal], threshold, least)
    chosen = sorted({*meant.pairs, *written.pairs}, key=lambda p: (-meant.rank(p) - written.rank(p), p))
    pairs = []
    for pair in chosen[:most]:
        one, other = pair
        both = prints[one] & prints[other]
        same = set(literal[one].values()) & set(literal[other].values()) - given_lines
        marked = [
            _lines(held[at], both, length) | {number for number, line in literal[at].items() if line in same}
            for at in pair
        ]
        pairs.append(
            Pair(
                (students[one], students[other]),
                float(meant.share[pair]),
                float(written.share[pair]),
                (texts[students[one]], texts[students[other]]),
                (marked[0], marked[1]),
            )
        )
    return Exercise(facts.id, sum(map(bool, prints)), tuple(pairs), max(0, len(chosen) - most))


def _literal(text: str) -> dict[int, str]:
    """Line number → line as written, comments and names included, of lines long enough to say something."""
    lines = text.replace("\r", "")[:_MOST_TEXT].split("\n")[:_MOST_SHAPES]
    made = {number: " ".join(line.split()) for number, line in enumerate(lines, 1)}
    return {number: line for number, line in made.items() if len(line) > _SHORT_LINE and line[:2] != "%%"}


def _lines(made: Sequence[Shape], both: set[str], length: int) -> frozenset[int]:
    return frozenset(
        shape.line
        for at, fingerprint in enumerate(_prints(made, length))
        if fingerprint in both
        for shape in made[at : at + length]
    )


@dataclass(frozen=True)
class _Likeness:
    """What a class's answers have in common, two by two."""

    pairs: tuple[tuple[int, int], ...]  # above both bounds
    share: NDArray[np.float64]  # of the smaller answer's weight: 0 … 1
    weight: NDArray[np.float64]  # shared

    def rank(self, pair: tuple[int, int]) -> float:
        """How far up a pair stands; rounded, since the last digits depend on the order of a sum."""
        return round(float(self.share[pair] * self.weight[pair]), 4)


def _alike(prints: Sequence[set[str]], threshold: float, least: float) -> _Likeness:
    """Compare all answers by their fingerprints: a product of matrices, a column a fingerprint."""
    import numpy as np

    count = len(prints)
    frequency = Counter(fingerprint for each in prints for fingerprint in each)
    shared = sorted(fingerprint for fingerprint, times in frequency.items() if times > 1)
    times = np.array([frequency[fingerprint] for fingerprint in shared], dtype=np.float64)
    size = max(count, _SMALL_CLASS)
    worth = np.clip(np.log(size / times) / np.log(size / 2), 0.0, 1.0)
    column = {fingerprint: at for at, fingerprint in enumerate(shared)}
    weight: Any = np.zeros((count, count))
    rows = [np.array(sorted(column[f] for f in each if f in column), dtype=np.int64) for each in prints]
    for start in range(0, len(shared), _BLOCK):
        root = np.sqrt(worth[start : start + _BLOCK]).astype(np.float32)
        block = np.zeros((count, len(root)), dtype=np.float32)
        for row, columns in enumerate(rows):
            here = columns[(columns >= start) & (columns < start + _BLOCK)] - start
            block[row, here] = root[here]
        weight += block @ block.T
    alone = np.array([sum(frequency[f] == 1 for f in each) for each in prints], dtype=np.float64)
    whole = np.diag(weight) + alone
    smaller = np.minimum.outer(whole, whole)
    share = np.divide(weight, smaller, out=np.zeros_like(weight), where=smaller > 0)
    share = np.minimum(share, 1.0)
    first, second = np.nonzero(np.triu((share >= threshold) & (weight >= least - 1e-3), 1))
    return _Likeness(tuple(zip(first.tolist(), second.tolist(), strict=True)), share, weight)
