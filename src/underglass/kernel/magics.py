"""The cell magics %%go and %%asm, and %program, which shows what they have made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class

from underglass.errors import UnderglassError

if TYPE_CHECKING:
    from underglass.kernel.session import Session

__all__ = ["UnderglassMagics"]


@magics_class
class UnderglassMagics(Magics):
    """Go and assembly cells of one program, which Python calls `prog`."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._session: Session | None = None
        self._asked: Any = None  # IPython's record of the cell that runs

    @property
    def session(self) -> Session:
        """The notebook's program; the toolchain and the emulator are imported here, not at start."""
        if self._session is None:
            from underglass.kernel.session import Session

            self._session = Session(self.shell)
        return self._session

    def remember(self, asked: Any) -> None:
        """Told by IPython which cell is about to run."""
        self._asked = asked

    @cell_magic
    def go(self, line: str, cell: str) -> None:
        """Take this cell as Go of the notebook's program.

        %%go [name.go]

        The package clause may be left out. Functions of the cell are called by
        prog.call("name", …) and, from assembly cells, by CALL ·name(SB).
        """
        self._take("go", line, cell)

    @cell_magic
    def asm(self, line: str, cell: str) -> None:
        """Take this cell as Go assembly of the notebook's program.

        %%asm [name.s]

        The comment above TEXT is the prototype: // func add(x, y int64) int64
        """
        self._take("asm", line, cell)

    @line_magic
    def program(self, line: str) -> None:
        """Show which cells the program has.

        %program              the cells
        %program drop 7       take cell 7 out
        %program cgo on|off   allow C above import "C" in cells, or refuse it again
        """
        words = line.split()
        if not words:
            self.session.show()
        elif len(words) == 2 and words[0] == "drop" and words[1].isdecimal():
            self.session.drop(int(words[1]))
        elif len(words) == 2 and words[0] == "cgo" and words[1] in ("on", "off"):
            self.session.allow_c(words[1] == "on")
        else:
            raise UnderglassError(
                "%program takes nothing, or drop and a cell's number, or cgo and on or off; "
                f"this is {line!r}."
            )

    def _take(self, language: str, line: str, body: str) -> None:
        raw = getattr(self._asked, "raw_cell", None) or ""
        above = len(raw) - len(raw.lstrip())
        # A magic that another cell calls as a function is no cell of its own.
        is_cell = raw.lstrip().startswith(f"%%{language}")
        self.session.take(
            language,
            line,
            body,
            cell_id=getattr(self._asked, "cell_id", None) if is_cell else None,
            above=raw[:above].count("\n") if is_cell else 0,
        )
