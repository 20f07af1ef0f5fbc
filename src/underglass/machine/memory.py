"""The guest's address space: what is mapped where, and pages as they were at the snapshot."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from unicorn import UC_PROT_EXEC, UC_PROT_NONE, UC_PROT_READ, UC_PROT_WRITE, Uc, UcError
from unicorn.unicorn_const import UC_HOOK_MEM_WRITE

from underglass.errors import LimitExceeded
from underglass.machine.native import PAGE, Budget, PageSaver, add_hook, remove_hook

__all__ = ["EXEC", "READ", "WRITE", "BadAddress", "Memory", "Region"]

READ, WRITE, EXEC = 1, 2, 4  # mmap(2), PROT_
TOP = 0x7FFF_FFFF_F000  # end of user space, four-level paging
_MMAP_BASE = 0x7F10_0000_0000
_UC_PROT = ((READ, UC_PROT_READ), (WRITE, UC_PROT_WRITE), (EXEC, UC_PROT_EXEC))


class BadAddress(Exception):
    """The guest has nothing mapped there, or not in that way; EFAULT to a system call."""


@dataclass(frozen=True)
class Region:
    """A run of pages with one protection."""

    start: int
    end: int
    protection: int  # READ | WRITE | EXEC
    backed: bool  # False: reserved, with no memory behind it yet

    def cut(self, start: int, end: int) -> Region:
        return Region(max(self.start, start), min(self.end, end), self.protection, self.backed)


class Memory:
    """The mapped regions of one engine.

    Reserved regions (PROT_NONE) have an entry here and none in the engine: Go reserves 64 MiB and
    more at a time, and uses little of it.
    """

    def __init__(self, uc: Uc, budget: Budget, most: int) -> None:
        self._uc, self._budget, self._most = uc, budget, most
        self.regions: list[Region] = []  # ascending, not overlapping
        self.used = 0  # bytes backed
        self._saver: PageSaver | None = None
        self._hook = 0  # of the saver
        self._saved: dict[int, bytes] = {}  # page address → bytes at the snapshot
        self.on_host_write: Callable[[int, bytes], None] | None = None

    def close(self) -> None:
        """Let go of the engine."""
        del self._uc

    # -- mapping ---------------------------------------------------------------------------------

    def map(self, start: int, size: int, protection: int) -> None:
        """Map fresh zero pages over whatever is there."""
        end = start + size
        self.unmap(start, size)
        region = Region(start, end, protection, backed=protection != 0)
        if region.backed:
            self._charge(size)
            self._uc.mem_map(start, size, _prot(protection))
        self._insert(region)

    def unmap(self, start: int, size: int) -> None:
        """Forget all pages of the range."""
        for region in self._take(start, start + size):
            if region.backed:
                self._keep(region.start, region.end)
                self._uc.mem_unmap(region.start, region.end - region.start)
                self.used -= region.end - region.start

    def protect(self, start: int, size: int, protection: int) -> None:
        """Change the protection of a range.

        Raises:
            BadAddress: part of the range is not mapped.
        """
        end = start + size
        if sum(r.end - r.start for r in (r.cut(start, end) for r in self._over(start, end))) != size:
            raise BadAddress
        for region in self._take(start, end):
            length = region.end - region.start
            if region.backed:
                self._uc.mem_protect(region.start, length, _prot(protection))
                if protection & EXEC:  # what was translated of it may have been written over since
                    self._uc.ctl_remove_cache(region.start, region.end)
            elif protection:
                self._charge(length)
                self._uc.mem_map(region.start, length, _prot(protection))
            self._insert(Region(region.start, region.end, protection, region.backed or protection != 0))

    def find_free(self, size: int, hint: int = 0) -> int:
        """Address of a free run of `size` bytes: `hint` if free, else the lowest from the mmap base."""
        if hint >= PAGE and hint + size <= TOP and not any(self._over(hint, hint + size)):
            return hint
        at = _MMAP_BASE
        for region in self._over(at, TOP):
            if region.start - at >= size:
                break
            at = max(at, region.end + PAGE)
        if at + size > TOP:
            raise BadAddress
        return at

    def discard(self, start: int, size: int) -> None:
        """Zero the backed pages of the range (madvise(2), MADV_DONTNEED)."""
        for region in self._over(start, start + size):
            part = region.cut(start, start + size)
            if part.backed:
                self._put(part.start, bytes(part.end - part.start))

    def region_at(self, address: int) -> Region | None:
        """The region that holds `address`."""
        index = bisect_right(self.regions, address, key=lambda r: r.start) - 1
        found = self.regions[index] if index >= 0 else None
        return found if found and address < found.end else None

    def _over(self, start: int, end: int) -> Iterator[Region]:
        index = max(bisect_right(self.regions, start, key=lambda r: r.start) - 1, 0)
        while index < len(self.regions) and self.regions[index].start < end:
            if self.regions[index].end > start:
                yield self.regions[index]
            index += 1

    def _take(self, start: int, end: int) -> list[Region]:
        """Remove the range from the table; return the pieces that were in it."""
        pieces = []
        for region in list(self._over(start, end)):
            self.regions.remove(region)
            pieces.append(region.cut(start, end))
            for low, high in ((region.start, start), (end, region.end)):
                if low < high:
                    self._insert(region.cut(low, high))
        return pieces

    def _insert(self, region: Region) -> None:
        self.regions.insert(bisect_right(self.regions, region.start, key=lambda r: r.start), region)

    def _charge(self, size: int) -> None:
        if self.used + size > self._most:
            raise LimitExceeded(
                f"The program asked for more than {self._most >> 20} MiB of memory. "
                "Let it allocate less, or raise the limit `memory`.",
                limit="memory",
            )
        self.used += size

    # -- bytes -----------------------------------------------------------------------------------

    def read(self, address: int, size: int) -> bytes:
        """`size` bytes of guest memory, whatever their protection.

        Raises:
            BadAddress: not all of them are mapped.
        """
        if not 0 <= address <= TOP or size < 0 or address + size > TOP:
            raise BadAddress
        try:
            return bytes(self._uc.mem_read(address, size)) if size else b""
        except UcError as error:
            raise BadAddress from error

    def write(self, address: int, data: bytes) -> None:
        """Write as the operating system does for the guest: the pages must be mapped and writable.

        Raises:
            BadAddress: they are not.
        """
        self.check_writable(address, len(data))
        self._put(address, data)

    def check_writable(self, address: int, size: int) -> None:
        """Raise BadAddress unless the guest may write all of the range."""
        if not self.is_writable(address, size):
            raise BadAddress

    def is_writable(self, address: int, size: int) -> bool:
        """Whether the guest may write all of the range."""
        region = self.region_at(address)
        if region is not None and address + size <= region.end:  # nearly always
            return bool(region.protection & WRITE)
        return self._covered(address, size, WRITE) == size

    def is_mapped(self, address: int, size: int) -> bool:
        """Whether all of the range is in the table, reserved pages included."""
        return self._covered(address, size, 0) == size

    def overlaps(self, address: int, size: int) -> bool:
        """Whether any of the range is in the table."""
        return any(True for _ in self._over(address, address + size))

    def _covered(self, start: int, size: int, protection: int) -> int:
        end = start + size
        parts = (r.cut(start, end) for r in self._over(start, end) if r.protection & protection == protection)
        return sum(part.end - part.start for part in parts)

    def load(self, address: int, data: bytes) -> None:
        """Write mapped pages whatever their protection: the loader's way."""
        self._put(address, data)

    def _put(self, address: int, data: bytes) -> None:
        if not data:
            return
        self._keep(address & -PAGE, address + len(data))
        self._uc.mem_write(address, data)
        if self.on_host_write is not None:
            self.on_host_write(address, data)

    # -- snapshot --------------------------------------------------------------------------------

    def watch(self) -> None:
        """Call the present contents the snapshot; keep each page before its first write from now on."""
        self.unwatch()
        self._saver = PageSaver(self._budget)
        self._hook = add_hook(self._uc, UC_HOOK_MEM_WRITE, "on_write", self._saver)
        self._uc.ctl_flush_tb()  # code translated so far has no call to the hook
        self._regions_then = list(self.regions)
        self._used_then = self.used

    def unwatch(self) -> None:
        """Give the snapshot up; stores cost nothing extra from now on."""
        if self._saver is None:
            return
        remove_hook(self._uc, self._hook)
        self._uc.ctl_flush_tb()
        self._saver = None
        self._saved.clear()

    def collect(self) -> None:
        """Take the pages the hook has kept, so that it has room again."""
        if self._saver is not None:
            for page, data in self._saver.take():
                self._saved.setdefault(page, data)

    def changed(self) -> tuple[int, ...]:
        """Addresses of the pages written since the snapshot."""
        self.collect()
        return tuple(self._saved)

    def before(self, page: int) -> bytes | None:
        """A page as it was at the snapshot; None if it was not mapped."""
        self.collect()
        kept = self._saved.get(page)
        if kept is not None:
            return kept
        try:
            return self.read(page, PAGE)
        except BadAddress:
            return None

    def rewind(self) -> None:
        """Make the contents and the map what they were at the snapshot."""
        self.collect()
        assert self._saver is not None
        if self.regions != self._regions_then:
            self._restore_map()
        for page, data in self._saved.items():
            region = self.region_at(page)
            if region is not None and region.backed:
                self._uc.mem_write(page, data)
                if region.protection & EXEC:
                    self._uc.ctl_remove_cache(page, page + PAGE)
        self._saved.clear()
        self._saver.forget()

    def _restore_map(self) -> None:
        now, then = set(self.regions), set(self._regions_then)
        for region in now - then:
            if region.backed:
                self._keep(region.start, region.end)
                self._uc.mem_unmap(region.start, region.end - region.start)
        for region in then - now:
            if region.backed:
                self._uc.mem_map(region.start, region.end - region.start, _prot(region.protection))
        self.regions, self.used = list(self._regions_then), self._used_then

    def _keep(self, start: int, end: int) -> None:
        """Keep the pages of a range that is about to change by other means than the guest's stores."""
        if self._saver is None:
            return
        self.collect()
        for region in self._regions_then:
            part = region.cut(start, end)
            if not region.backed or part.start >= part.end:
                continue
            for page in range(part.start & -PAGE, part.end, PAGE):
                if page not in self._saved:
                    data = self.read(page, PAGE)
                    self._saved[page] = data


def _prot(protection: int) -> int:
    return sum(uc for bit, uc in _UC_PROT if protection & bit) or UC_PROT_NONE
