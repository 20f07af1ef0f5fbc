"""Grade on a Dask cluster: workers judge in child processes as the grader does, and the grader writes.

The death of a worker is counted against the submissions that it had in hand. Each of them is tried once more,
by itself; if a second worker dies of it, it is quarantined.
"""

from __future__ import annotations

import atexit
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from underglass.errors import UnderglassError
from underglass.grading.children import ChildLimits, Children
from underglass.grading.judge import Task, empty_verdict, judge
from underglass.grading.record import Verdict, read_verdict, write_verdict

if TYPE_CHECKING:
    from underglass.grading.grader import Grader
    from underglass.grading.submissions import Submission

__all__ = ["grade_on_cluster", "work"]

_CONNECT = 10.0  # seconds until a scheduler has answered
_PATIENCE = 60.0  # seconds that there may be no worker
_QUARANTINED = (
    "Two workers ended while they graded this, so it was not tried again. A person has to look at it."
)

_own = threading.local()


def grade_on_cluster(
    grader: Grader, found: Sequence[Submission], scheduler: str, take: Callable[[Verdict, bool], None]
) -> None:
    """Grade submissions on the cluster of a scheduler, and hand over each verdict as it comes.

    Raises:
        UnderglassError: the cluster cannot be reached, or has no workers left.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise UnderglassError(
            "--scheduler needs dask.distributed. Install it with `pip install 'underglass[cluster]'`."
        ) from error
    waiting: deque[Task] = deque()
    for submission in found:
        ready = grader.prepare(submission)
        if isinstance(ready, Verdict):
            take(ready, not grader.holds(ready))
        else:
            waiting.append(ready)
    if not waiting:
        return
    with Children(grader.limits) as children:
        grader.check_solutions({task.lab.name for task in waiting}, children)
    try:
        client: Any = Client(scheduler, timeout=_CONNECT, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        raise UnderglassError(
            f"No Dask scheduler answers at {scheduler}: {error}. Start one with `dask scheduler`."
        ) from error
    with client:
        # A task is to come back to us at the first death: who is to blame is decided here.
        client.run_on_scheduler(_no_patience)
        suspects = _Flow(client, grader, waiting, take).run()
        for task in suspects:  # one after another: now a death has one cause
            again = _Flow(client, grader, deque([task]), take).run()
            for poison in again:
                take(empty_verdict(poison, "quarantined", _QUARANTINED), True)


def work(task: Task, limits: ChildLimits) -> tuple[str, str]:
    """Judge one submission on a worker, and return its verdict as text, and what went wrong instead.

    An error comes back as text: an exception whose traceback cannot be sent would leave the client waiting.
    """
    children = getattr(_own, "children", None)
    if children is None or children.limits != limits:
        if children is not None:
            children.close()
        children = _own.children = Children(limits)
        atexit.register(children.close)
    try:
        return write_verdict(judge(task, children)), ""
    except Exception as error:  # noqa: BLE001  # told to the client
        return "", f"{type(error).__name__}: {error}"[:500]


def _no_patience(dask_scheduler: Any) -> None:
    dask_scheduler.allowed_failures = 0


class _Flow:
    """Keeps each thread of the cluster busy with one task, and no task waiting on a worker that may die."""

    def __init__(
        self, client: Any, grader: Grader, waiting: deque[Task], take: Callable[[Verdict, bool], None]
    ) -> None:
        self.client, self.grader, self.waiting, self.take = client, grader, waiting, take
        self.suspects: list[Task] = []
        self.ended: queue.Queue[Any] = queue.Queue()

    def run(self) -> list[Task]:
        """Grade all, and return the tasks whose worker died."""
        running: dict[Any, Task] = {}
        while self.waiting or running:
            while self.waiting and len(running) < self._threads():
                task = self.waiting.popleft()
                future = self.client.submit(work, task, self.grader.limits, pure=False, retries=0)
                running[future] = task
                future.add_done_callback(self.ended.put)
            try:
                future = self.ended.get(timeout=1.0)
            except queue.Empty:
                self._threads()  # are there workers yet?
                continue
            self._done(future, running.pop(future))
        return self.suspects

    def _threads(self) -> int:
        """How many tasks the cluster takes at once.

        Raises:
            UnderglassError: it has had no worker for a while.
        """
        from distributed import TimeoutError as NoWorkers

        try:
            self.client.wait_for_workers(1, timeout=_PATIENCE)
        except NoWorkers as error:
            raise UnderglassError(
                f"The cluster has had no worker for {_PATIENCE:g} seconds. What is graded is kept: "
                "start workers, and go on with --resume."
            ) from error
        threads: list[int] = list(self.client.nthreads().values())
        return max(1, sum(threads))

    def _done(self, future: Any, task: Task) -> None:
        from distributed import KilledWorker

        if future.status != "finished" and future.status != "error":
            raise UnderglassError(
                "The scheduler has gone. What is graded is kept: start it again, and go on with --resume."
            )
        error = future.exception()
        if isinstance(error, KilledWorker):
            self.suspects.append(task)
            return
        text, trouble = future.result() if error is None else ("", error)
        if trouble:
            raise UnderglassError(
                f"A worker cannot grade {task.student}: {trouble}. "
                "Install the same underglass on each worker."
            )
        verdict = read_verdict(text)
        if (verdict.key, verdict.student, verdict.lab) != (task.key, task.student, task.lab.name):
            raise UnderglassError("A worker gave a verdict on another submission. Restart the workers.")
        self.take(verdict, True)
