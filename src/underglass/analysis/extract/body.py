"""The body of a compiled function: what is left without the stack check, prologue and epilogues.

The assembler makes these anew from the TEXT line. Their forms: Go 1.27, cmd/internal/obj/x86/obj6.go
(preprocess, stacksplit).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from underglass.analysis.extract.refusal import refuse
from underglass.analysis.extract.spelling import Decoded, decode
from underglass.program import Function, Instruction, Program

__all__ = ["Body", "Step", "body_of"]

_CHECK = re.compile(
    r"^(LEAQ -?(0x)?[0-9a-f]+\(SP\), R1[23]|MOVQ SP, R1[23]|SUBQ \$.*, R1[23]|"
    r"CMPQ (SP|R1[23]), 0x1[08]\(R14\))$"
)
_RELOAD = "MOVQ FS:0xfffffff8, R14"  # of g, which the compiler puts after each call by ABI0
_EPILOGUE = re.compile(r"^(ADDQ \$.*, SP|SUBQ \$-.*, SP)$")
_REFUSED = {
    "LOCK": "has an atomic instruction",
    "REP": "has a string instruction",
    "REPNE": "has a string instruction",
    "XCHGQ": "has an atomic instruction",
    "SYSCALL": "enters the kernel",
}


@dataclass(frozen=True)
class Step:
    """One instruction that stays."""

    instruction: Instruction
    decoded: Decoded
    is_return: bool


@dataclass(frozen=True)
class Body:
    """What a function does between prologue and epilogue."""

    steps: tuple[Step, ...]
    labels: frozenset[int]  # guest addresses of steps that something jumps to
    moved: dict[int, int]  # a jump's target that is dropped → the step that follows it


def body_of(program: Program, function: Function) -> Body:
    """Return a compiled function's body.

    Raises:
        CannotExtract: the code has a form that does not fit.
    """
    code = program.instructions(function)
    start, end = _prologue_end(code), _check_tail(program, function, code)
    dropped = _epilogues(code, start, end)
    steps: list[Step] = []
    moved: dict[int, int] = {}
    pending: list[int] = []
    for index in range(start, end):
        instruction = code[index]
        decoded = decode(instruction.data, instruction.address)
        if decoded is None:
            raise refuse(program, function, instruction, "has an instruction that is not known here")
        if index in dropped or decoded.mnemonic in ("nop", "int3") or instruction.go == _RELOAD:
            pending.append(instruction.address)
            continue
        for address in pending:
            moved[address] = instruction.address
        pending.clear()
        _check(program, function, instruction)
        steps.append(Step(instruction, decoded, decoded.mnemonic == "ret"))
    inside = {step.instruction.address for step in steps}
    labels = set()
    for step in steps:
        target = step.instruction.target
        if target is None or step.decoded.mnemonic == "call":
            continue
        target = moved.get(target, target)
        if target == function.address or target == code[start].address:
            target = steps[0].instruction.address
            moved[step.instruction.target or 0] = target
        if target not in inside:
            raise refuse(program, function, step.instruction, "jumps to another function")
        labels.add(target)
    return Body(tuple(steps), frozenset(labels), moved)


def _prologue_end(code: tuple[Instruction, ...]) -> int:
    at = 0
    while at < len(code) and (_CHECK.match(code[at].go) or _is_stack_branch(code, at)):
        at += 1
    if [i.go for i in code[at : at + 2]] == ["PUSHQ BP", "MOVQ SP, BP"]:
        at += 2
        if at < len(code) and re.match(r"^(SUBQ \$0x[0-9a-f]+|ADDQ \$-0x80), SP$", code[at].go):
            at += 1
    return at


def _is_stack_branch(code: tuple[Instruction, ...], at: int) -> bool:
    return (
        at > 0
        and code[at].go.startswith(("JBE ", "JB ", "JLS ", "JCS "))
        and bool(_CHECK.match(code[at - 1].go))
    )


def _check_tail(program: Program, function: Function, code: tuple[Instruction, ...]) -> int:
    """Index past the body: where the code begins that calls runtime.morestack."""
    for index, instruction in enumerate(code):
        if instruction.go.startswith("CALL runtime.morestack"):
            if any("morestack.abi0" in i.go for i in code) and "(DX)" in " ".join(i.go for i in code):
                raise refuse(
                    program, function, None, "is a closure: it reads variables of another function through DX"
                )
            target = next(
                (i.target for i in code[:8] if i.target and i.go.startswith(("JBE", "JB", "JLS"))), None
            )
            return next((j for j, i in enumerate(code) if i.address == target), index)
    return len(code)


def _epilogues(code: tuple[Instruction, ...], start: int, end: int) -> set[int]:
    found: set[int] = set()
    for index in range(start, end):
        if code[index].go.split()[0] != "RET":
            continue
        at = index - 1
        while at >= start and code[at].intel.split()[0] == "nop":
            at -= 1
        if at >= start and code[at].go == "POPQ BP":
            found.add(at)
            if at - 1 >= start and _EPILOGUE.match(code[at - 1].go):
                found.add(at - 1)
    return found


def _check(program: Program, function: Function, instruction: Instruction) -> None:
    name = instruction.go.split()[0].rstrip(";")
    if name in _REFUSED:
        raise refuse(program, function, instruction, _REFUSED[name])
    words = set(re.findall(r"\b(?:R14|BP)\b", instruction.go))
    if "R14" in words:
        raise refuse(program, function, instruction, "uses g, the current goroutine, in R14")
    if words:
        raise refuse(program, function, instruction, "uses the frame pointer")
    if name in ("PUSHQ", "POPQ") or instruction.go.endswith(", SP"):
        raise refuse(program, function, instruction, "moves SP in its body")
