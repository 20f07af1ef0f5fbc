"""The instructions of an extracted function, written line by line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from capstone.x86 import X86_OP_MEM

from underglass.abi import Piece, Place
from underglass.analysis.extract.body import Body, Step
from underglass.analysis.extract.calls import Target, call_lines, no_return_lines, target_of
from underglass.analysis.extract.data import Symbols
from underglass.analysis.extract.frame import FrameMap, load, store
from underglass.analysis.extract.jumptables import JumpTable, jump_tables
from underglass.analysis.extract.refusal import refuse
from underglass.analysis.extract.spelling import Decoded, bare_register, spelled
from underglass.analysis.gcmaps import gc_map
from underglass.program import Function, Instruction, Program
from underglass.program.funcdata import stack_objects

__all__ = ["Line", "Writer"]

_WORD = 8
_MENTION = re.compile(r"\bret(?:_\w+)?\+\d+\(FP\)")


@dataclass(frozen=True)
class Line:
    """One line of the body."""

    text: str
    origin: Instruction | None = None  # the compiled instruction that it stands for, alone
    is_exact: bool = False  # its bytes are the compiled ones
    is_label: bool = False


class Writer:
    """Writes the body of one function.

    Args:
        own: the package that the assembly is for, and the function's name in it.
    """

    def __init__(
        self,
        program: Program,
        function: Function,
        body: Body,
        frame: FrameMap,
        symbols: Symbols,
        own: tuple[str, str],
    ) -> None:
        self._program, self._function, self._body = program, function, body
        self._frame, self._symbols = frame, symbols
        calls = [s for s in body.steps if s.decoded.mnemonic == "call"]
        self.targets: dict[int, Target] = {
            s.instruction.address: target_of(program, function, s.instruction, own) for s in calls
        }
        self._check_pointers()
        self._tables = jump_tables(program, body)
        self._labels = body.labels.union(*(table.targets for table in self._tables.values()))
        self.room = max((t.room for t in self.targets.values()), default=0)
        self.zeroed = any("xmm15" in step.instruction.intel for step in body.steps)

    @property
    def calls(self) -> bool:
        """Whether it calls anything."""
        return bool(self.targets)

    def _check_pointers(self) -> None:
        """What the frame holds across a call has no map in assembly: it must be no pointer."""
        returning = [s for s in self._body.steps if self._returns(s.instruction.address)]
        for step in returning:
            at = step.instruction
            held = gc_map(self._program, self._function, at.address)
            if stack_objects(self._program, self._function):
                why = "has a variable with pointers whose address is taken, and calls a function"
                raise refuse(self._program, self._function, at, why, "Only the compiler maps stack objects.")
            for word in held.pointers:
                result = self._frame.argument(word.offset, _WORD) if word.area == "argument" else None
                if word.area == "local" or result is None or result.is_result:
                    name = word.name or f"the word at {word.offset - held.sp}(SP)"
                    why = "keeps a pointer in its frame across a call"
                    advice = f"Only the compiler can map it (here {name}) for stack copies."
                    raise refuse(self._program, self._function, at, why, advice)

    def _returns(self, address: int) -> bool:
        return address in self.targets and self.targets[address].returns

    def lines(self) -> list[Line]:
        """The function's lines, from the loads of its arguments on."""
        found: list[Line] = []
        if self.zeroed:
            found.append(Line("XORPS X15, X15"))
        for internal, zero in self._frame.pairs(results=False):
            for piece in internal.pieces:
                found.append(Line(load(piece, self._slot(zero, piece))))
        loads = {table.load for table in self._tables.values()}
        shown = (0, "")
        for index, step in enumerate(self._body.steps):
            address = step.instruction.address
            place = (step.instruction.line, self._file(address))
            if place != shown and place[0]:
                shown = place
                name = place[1].rpartition("/")[2]
                found.append(Line(f"// {name}:{place[0]}{self._source(*place)}"))
            if address in self._labels:
                found.append(Line(self._label(address), is_label=True))
            if index in loads:
                continue  # of a jump table's address: compares stand for it
            table = self._tables.get(index)
            found += self._jump_table(table) if table else self._step(step)
        return self._named_results(found)

    def _named_results(self, lines: list[Line]) -> list[Line]:
        """The lines, with a mention of a result that is only written several elements at once.

        vet's asmdecl wants an unnamed result's name before RET, and reads none with parentheses.
        """
        results = [
            zero for _, zero in self._frame.pairs(results=True) if zero.name == "ret" and zero.type.size
        ]
        if not results or any(_MENTION.search(line.text) for line in lines):
            return lines
        name = (self._frame.slot(results[0], 0, 0) or "").replace("(", "", 1).replace(")", "", 1)
        mention = Line(f"LEAQ {name}, R12  // written above; vet asks for its name")
        return [x for line in lines for x in ([mention, line] if line.text == "RET" else [line])]

    def _slot(self, place: Place, piece: Piece) -> str:
        text = self._frame.slot(place, piece.offset, piece.size)
        if text is None:
            raise refuse(self._program, self._function, None, "has an argument that assembly has no name for")
        return text

    def _file(self, address: int) -> str:
        record = self._program.record_of(self._function)
        return self._program.pclntab.file_at(record, address - self._function.address)

    def _source(self, line: int, file: str) -> str:
        """The text of a line of the program's own sources; "" for what was inlined from elsewhere."""
        name = file.rpartition("/")[2]
        own = file in (name, f"underglass/{name}", f"./{name}")
        source = next((s for s in self._program.sources if s.name == name), None) if own else None
        rows = source.text.splitlines() if source else []
        return f"  {' '.join(rows[line - 1].split())}" if 0 < line <= len(rows) else ""

    def _label(self, address: int) -> str:
        return f"at{address - self._function.address:x}:"

    def _step(self, step: Step) -> list[Line]:
        instruction, decoded = step.instruction, step.decoded
        if step.is_return:
            return [*self._results(), Line("RET")]
        if decoded.mnemonic == "call":
            target = self.targets[instruction.address]
            if not target.returns:
                held = no_return_lines(self._program, self._function, instruction, target)
            else:
                held = call_lines(target, self.room, self.zeroed)
            return [Line(text) for text in held]
        if instruction.target is not None:
            to = self._body.moved.get(instruction.target, instruction.target)
            name = spelled(instruction.go, decoded, lambda _: None)
            if name is None:
                raise refuse(self._program, self._function, instruction, "has a jump that is not known here")
            return [Line(f"{name.split()[0]} {self._label(to)[:-1]}", instruction)]
        if decoded.mnemonic == "jmp":
            raise refuse(self._program, self._function, instruction, "jumps to a computed address")
        if decoded.mnemonic == "ud2":
            return [Line("UNDEF", instruction)]
        return [self._plain(instruction, decoded)]

    def _plain(self, instruction: Instruction, decoded: Decoded) -> Line:
        moved = False

        def memory(operand: Decoded) -> str | None:
            nonlocal moved
            text, changed = self._memory(instruction, decoded, operand)
            moved = moved or changed
            return text

        text = spelled(instruction.go, decoded, memory)
        if text is not None:
            return Line(text, instruction, is_exact=not moved)
        if any("sp" in decoded.reg_name(x) or decoded.reg_name(x) == "rip" for x in _bases(decoded)):
            raise refuse(
                self._program, self._function, instruction, "has an instruction that is not known here"
            )
        return Line(as_bytes(instruction), instruction, is_exact=True)

    def _memory(
        self, instruction: Instruction, decoded: Decoded, operand: Decoded
    ) -> tuple[str | None, bool]:
        """(the operand in assembly, whether it is written otherwise than it was compiled)."""
        held = operand.mem
        base = decoded.reg_name(held.base) if held.base else ""
        if held.segment:
            return None, False
        if base == "rip":
            address = instruction.address + len(instruction.data) + held.disp
            return self._symbols.at(instruction, address), True
        index = f"({bare_register(decoded.reg_name(held.index))}*{held.scale})" if held.index else ""
        if base == "rsp":
            size = 1 if decoded.mnemonic == "lea" or held.index else operand.size
            return f"{self._stack_word(instruction, held.disp, size)}{index}", True
        if not base:
            return f"{held.disp}{index}" if index else None, False
        return f"{held.disp or ''}({bare_register(base)}){index}", False

    def _stack_word(self, instruction: Instruction, offset: int, size: int) -> str:
        depth = self._function.sp_delta(instruction.address) or 0
        from_fp = offset - depth - _WORD
        if from_fp >= 0:
            word = self._frame.argument(from_fp, size)
            if word is None:
                why = "takes several arguments, or a part of one, at once"
                raise refuse(self._program, self._function, instruction, why)
            return word.text
        if offset >= 0 and offset + size <= self._function.frame_size:
            return f"{offset + self.room}(SP)"
        raise refuse(self._program, self._function, instruction, "reaches its return address or below SP")

    def _results(self) -> list[Line]:
        return [
            Line(store(piece, self._slot(zero, piece)))
            for internal, zero in self._frame.pairs(results=True)
            for piece in internal.pieces
        ]

    def _jump_table(self, table: JumpTable) -> list[Line]:
        """A jump through a table of code addresses, as compares: assembly has no table of its labels."""
        lines: list[Line] = []
        for value, target in enumerate(table.targets):
            lines += [Line(f"CMPQ {table.index}, ${value}"), Line(f"JEQ {self._label(target)[:-1]}")]
        return [*lines, Line("UNDEF")]


def as_bytes(instruction: Instruction) -> str:
    """An instruction as its bytes, with what it is as a comment."""
    return "; ".join(f"BYTE $0x{byte:02x}" for byte in instruction.data) + f"  // {instruction.go}"


def _bases(decoded: Decoded) -> list[int]:
    return [o.mem.base for o in decoded.operands if o.type == X86_OP_MEM and o.mem.base]
