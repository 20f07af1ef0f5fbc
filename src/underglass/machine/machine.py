"""A whole machine: a processor, memory, the small Linux and one Go program in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from underglass.errors import GuestFault, LimitExceeded
from underglass.machine.avx import forbidden_instructions
from underglass.machine.cpu import LONGEST_BLOCK, Cpu, Event
from underglass.machine.family import Family
from underglass.machine.fault import Fault
from underglass.machine.goroutines import goroutines
from underglass.machine.limits import Limits
from underglass.machine.linux import Kernel, KernelState
from underglass.machine.linux.file import StdinBytes
from underglass.machine.linux.process import PID
from underglass.machine.linux.signals import NAMES, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP, deliver, is_due
from underglass.machine.linux.spawn import Start
from underglass.machine.linux.thread import SigInfo
from underglass.machine.linux.world import make_world
from underglass.machine.loader import load
from underglass.machine.memory import Memory
from underglass.program import Program

__all__ = ["Machine"]

_MOST_JUMPS = 1000  # of the clock, with nobody woken: a timer whose signal is ignored
_GLANCE = 5_000_000  # instructions between looks at the wall clock and at Ctrl-C
_SEGV_MAPERR, _SEGV_ACCERR, _FPE_INTDIV, _ILL_ILLOPN, _SI_KERNEL = 1, 2, 1, 2, 0x80  # sigaction(2)
_DIVIDE, _BREAKPOINT = 0, 3  # Intel SDM, volume 3, table 6-1
_SIGNALS = {"memory": SIGSEGV, "invalid": SIGILL}


class Machine:
    """One boot of a program. Deterministic: the same program, arguments and seed give the same run.

    Args:
        seed: of the guest's random bytes, and of the order and length of its threads' turns.
        stdin: bytes, or a function that returns up to n bytes (none at the end).
        files: the guest's files, by absolute path. They live in memory and may be changed.
        mounts: directories of the host that the guest may read, by absolute guest path.
        directory: where the program starts.
        cpus: how many processors the program is told of. Its threads take turns on one.
        start: of a process that another one has started, in its `family`.
    """

    def __init__(
        self,
        program: Program,
        *,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        stdin: bytes | Callable[[int], bytes] = b"",
        limits: Limits | None = None,
        seed: int = 1,
        files: Mapping[str, bytes] | None = None,
        mounts: Mapping[str, Path] | None = None,
        directory: str = "/",
        cpus: int = 1,
        start: Start | None = None,
        family: Family | None = None,
    ) -> None:
        self.program = program
        self.limits = limits or Limits()
        self.family = family or Family()
        self.cpu = Cpu()
        self.memory = Memory(self.cpu.uc, self.cpu.budget, self.limits.memory)
        source = StdinBytes(stdin) if isinstance(stdin, bytes) else self._patient(stdin)
        own = f"/{program.path.name}"
        names: tuple[str, ...] = (own, *arguments)
        if start is None:
            world = make_world(self.cpu, self.limits, seed, program.elf.data, PID)
            self.kernel = Kernel(self.cpu, self.memory, self.limits, world, cpus=cpus)
            self.kernel.boot(own, source, files or {}, mounts or {}, directory)
        else:
            self.kernel = Kernel(self.cpu, self.memory, self.limits, start.parent.world, start, cpus)
            names = start.arguments
            environment = dict(entry.partition("=")[::2] for entry in start.environment)
        self.kernel.command_line = b"".join(name.encode("utf-8", "surrogateescape") + b"\0" for name in names)
        self.kernel.spawn = self._spawn
        random = self.kernel.random.randbytes(16)
        self.cpu["SP"] = load(self.memory, program.elf, names, environment or {}, random)
        for address in forbidden_instructions(program):
            self.cpu.forbid(address)
        self._pc = program.elf.entry
        self._turn_ends = (
            0  # instructions executed when the present thread's turn is over; 0 before the first
        )
        self._turn_over: bool | None = None  # whether the thread whose turn is over could go on; else None
        self._is_idle = False  # a child whose next turn starts with the choice of a thread
        self.faults: list[Fault] = []
        self.on_breakpoint: Callable[[int], bool] | None = None
        """Told the address after an INT3; True ends the run there."""
        self.on_pause: Callable[[int], bool] | None = None
        """Told, whenever the processor pauses, which thread has just run; True ends the run there."""
        self.on_fault: Callable[[], bool] | None = None
        """Asked after a fault was added to `faults`; True ends the run before its signal is delivered."""
        self._snapshot: tuple[KernelState, object, int, int, int] | None = None

    def close(self) -> None:
        """Give the guest's memory back now; the machine cannot run any more. Output and counts stay."""
        self._snapshot = None
        self.kernel.let_go()
        self.memory.close()
        self.cpu.close()

    @property
    def output(self) -> bytes:
        """Everything written so far."""
        return self.kernel.output.text()

    def run(self, until: int = 0, stop_at: int | None = None) -> int | None:
        """Run until the program exits, and return its exit code; or until `until`, and return None.

        Args:
            stop_at: a count of instructions since the boot; the run ends at most `LONGEST_BLOCK` before it,
                and the next one goes on as if there had been no stop.

        Raises:
            LimitExceeded: a limit was used up; its `output` holds what had been written.
            GuestFault: the threads wait for each other, or the emulator lacks something.
        """
        first = self.cpu.executed
        self._began = time.monotonic(), first
        self._turn_ends = self._turn_ends or first + self.kernel.schedule.turn()
        last = first + self.limits.instructions
        try:
            while True:
                if self._turn_over is not None:
                    goes_on, self._turn_over = self._turn_over, None
                    self._turn_ends = self.cpu.executed + self.kernel.schedule.turn()
                    if not self._next_thread(goes_on):
                        return self.kernel.exit_code
                self._check_limits(*self._began)
                if stop_at is not None and self.cpu.executed + LONGEST_BLOCK >= stop_at:
                    return None
                end = min(self._turn_ends, last, stop_at or last)
                event = self.cpu.run(self._pc, until, max(min(end - self.cpu.executed, _GLANCE), 0))
                if self.kernel.exit_code is not None:
                    return self.kernel.exit_code
                answer = self._handle(event, until)
                if answer is None:
                    return self.kernel.exit_code
                self.memory.collect()
                if (
                    not answer
                    or self.cpu.executed + LONGEST_BLOCK >= self._turn_ends
                    or is_due(self.kernel, self.kernel.current)
                ):
                    self._turn_over = answer
                if self.on_pause is not None and self.on_pause(self.kernel.current.tid):
                    self._pc = self._pc if answer else self.cpu["PC"]
                    return None
        except (GuestFault, LimitExceeded) as error:
            error.output = self.output
            raise

    def _handle(self, event: Event, until: int) -> bool | None:
        """True: the thread goes on at self._pc. False: another's turn. None: the run is over."""
        if event.kind == "stopped":
            if until and event.pc == until and self.kernel.error is None:
                self._pc = event.pc
                return None
            goes_on = self.kernel.after_syscall()
            if self.kernel.exit_code is not None:
                return None
            if goes_on is None:
                return False
            self._pc = goes_on
            return True
        if event.kind == "budget":
            self._pc = event.pc
            return True
        return self._fault(event)

    def _fault(self, event: Event) -> bool | None:
        pc, code, address, signal = event.pc, _SEGV_MAPERR, event.address, _SIGNALS.get(event.kind, 0)
        # A page that may not be touched at all (PROT_NONE) is none of the emulator's, and still mapped.
        mapped = event.is_protected or (event.kind == "memory" and self.memory.region_at(address) is not None)
        if event.kind == "memory":
            code = _SI_KERNEL if not event.access else _SEGV_ACCERR if mapped else _SEGV_MAPERR
        elif event.kind == "invalid":
            code, address = _ILL_ILLOPN, pc
        elif event.number == _BREAKPOINT:
            if self.on_breakpoint is not None and self.on_breakpoint(pc):
                self._pc = pc
                return None
            signal, code = SIGTRAP, _SI_KERNEL  # not TRAP_BRKPT: Linux, arch/x86/kernel/traps.c, do_int3_user
        elif event.number == _DIVIDE:
            signal, code, address = SIGFPE, _FPE_INTDIV, pc
        else:
            signal, code = SIGBUS if event.number == 17 else SIGSEGV, _SI_KERNEL
        self.faults.append(Fault(signal, pc, address, event.access, mapped))
        self.cpu["PC"] = pc
        if self.on_fault is not None and self.on_fault():
            self._pc = pc
            return None
        if not deliver(self.kernel, SigInfo(signal, code, address)):
            self._pc = pc
            if self.kernel.parent is not None:
                self.kernel.killed_by(signal)
                return None
            raise GuestFault(
                f"The program was ended by {NAMES[signal]}: {self.describe(self.faults[-1])}", pc=pc
            )
        self._pc = self.kernel.current.pc
        return True

    def _next_thread(self, goes_on: bool) -> bool:
        """Let the next thread run; False if a signal it had coming ended the process."""
        kernel = self.kernel
        kernel.poll()
        self.family.advance()
        if goes_on:
            if not kernel.ready and not is_due(kernel, kernel.current):
                return True
            self.cpu["PC"] = self._pc
            kernel.park()
            kernel.ready.append(kernel.current)
        else:
            kernel.park()
            self._await()
        if not kernel.switch():
            raise GuestFault(
                "The program's threads wait for each other, and nothing can wake them: "
                f"{'; '.join(self.waits())}."
            )
        self._pc = kernel.current.pc
        return kernel.exit_code is None

    def _await(self) -> None:
        """Let other processes run, and the clock jump, until a thread is ready or none can become so."""
        kernel, jumps = self.kernel, 0
        world = kernel.world
        while not kernel.ready:
            if self.family.advance():
                jumps = 0
                self._check_limits(*self._began)
            else:
                wakes = [at for k in world.kernels.values() if (at := k.next_wake()) is not None]
                is_over = len(world.kernels) == 1 and kernel.is_lonely()
                if not wakes or is_over or jumps >= _MOST_JUMPS:
                    return
                jumps += 1
                world.clock.jump(min(wakes))
            kernel.poll()

    def _spawn(self, start: Start) -> Kernel:
        child = Machine(
            self.program, limits=self.limits, cpus=self.kernel.cpus, start=start, family=self.family
        )
        self.family.members.append(child)
        return child.kernel

    def take_turn(self) -> bool:
        """Let a child process run until its turn is over; False if all its threads wait."""
        kernel = self.kernel
        kernel.poll()
        if not self._is_idle and is_due(kernel, kernel.current):
            self._rest(goes_on=True)
        if self._is_idle:
            if not kernel.switch():
                return False
            self._pc, self._is_idle = kernel.current.pc, False
        ends, goes_on = self.cpu.executed + kernel.schedule.turn(), True
        while goes_on and kernel.exit_code is None and self.cpu.executed + LONGEST_BLOCK < ends:
            event = self.cpu.run(self._pc, 0, ends - self.cpu.executed)
            goes_on = kernel.exit_code is None and bool(self._handle(event, 0))
            goes_on = goes_on and not is_due(kernel, kernel.current)
        if kernel.exit_code is None:
            self._rest(goes_on)
        return True

    def _rest(self, goes_on: bool) -> None:
        if goes_on:
            self.cpu["PC"] = self._pc
        self.kernel.park()
        if goes_on:
            self.kernel.ready.append(self.kernel.current)
        self._is_idle = True

    def waits(self) -> list[str]:
        """What each thread and goroutine waits for, in words."""
        threads = [f"thread {t.tid} in {t.state}" for t in self.kernel.threads if t.state != "dead"]
        return threads + [str(g) for g in goroutines(self.program, self.memory)]

    def _patient(self, stdin: Callable[[int], bytes]) -> Callable[[int], bytes]:
        """Return a source whose waits, for someone at a keyboard, do not count as the program's seconds."""

        def read(size: int) -> bytes:
            asked = time.monotonic()
            try:
                with self.cpu.interrupts.let_through():
                    return stdin(size)
            finally:
                started, first = self._began
                self._began = started + time.monotonic() - asked, first

        return read

    def _check_limits(self, started: float, first: int) -> None:
        limits = self.limits
        clock = self.kernel.world.clock
        others = clock.retired + sum(cpu.executed for cpu in clock.cpus if cpu is not self.cpu)
        if self.cpu.executed - first + others + LONGEST_BLOCK >= limits.instructions:
            self._over("instructions", f"{limits.instructions:,} instructions")
        if time.monotonic() - started > limits.seconds:
            self._over("seconds", f"{limits.seconds:g} s")

    def _over(self, limit: str, amount: str) -> NoReturn:
        # The clock's thread may have the turn; the reader's own code, where a thread is in it, says more.
        places = [self._pc, *(t.pc for t in self.kernel.threads if t is not self.kernel.current)]
        functions = {pc: self.program.function_at(pc) for pc in places}
        own = (pc for pc, f in functions.items() if f is not None and self.program.source_of(f) is not None)
        raise LimitExceeded(
            f"The program ran for {amount}, the limit, and was stopped in {self.place(next(own, self._pc))}. "
            f"Is there a loop that does not end? Otherwise raise the limit `{limit}`.",
            limit=limit,
        )

    # -- words -----------------------------------------------------------------------------------

    def place(self, pc: int) -> str:
        """A guest address in words: function, offset, and the source line as its author calls it."""
        function = self.program.function_at(pc)
        if function is None:
            return f"{pc:#x}, which is in no function"
        where = self.program.origin(function, pc)
        return (
            f"{function.name}+{pc - function.address:#x} ({where})"
            if where
            else f"{function.name}+{pc - function.address:#x}"
        )

    def describe(self, fault: Fault) -> str:
        """A fault in words: what was done, to which address, where."""
        function = self.program.function_at(fault.pc)
        code = (
            next((i.go for i in self.program.instructions(function) if i.address == fault.pc), "")
            if function
            else ""
        )
        return f"{fault}, in {self.place(fault.pc)}{f': {code}' if code else ''}."

    # -- snapshot --------------------------------------------------------------------------------

    def snapshot(self) -> None:
        """Keep the present state for `rewind`."""
        self.memory.watch()
        context = self.cpu.uc.context_save()
        self._snapshot = (self.kernel.state(), context, self._pc, self.cpu.executed, self._turn_ends)

    def rewind(self) -> None:
        """Go back to the snapshot."""
        assert self._snapshot is not None, "snapshot() comes first"
        state, context, pc, executed, self._turn_ends = self._snapshot
        self.memory.rewind()
        self.family.members.clear()
        self.kernel.restore(state, executed)
        self.cpu.uc.context_restore(context)
        self._pc, self._turn_over = pc, None
        self.faults.clear()

    @property
    def pc(self) -> int:
        """Where the current thread goes on."""
        return self._pc

    @pc.setter
    def pc(self, value: int) -> None:
        self._pc = value
