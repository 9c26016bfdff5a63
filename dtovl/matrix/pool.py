"""Processes that take tasks, and what becomes of a task whose process dies.

Each process has a pipe of its own. It is sent lots of tasks and answers task by task, in order, so
the first task without an answer is the one at which it died. That one waits until all others are
done; then a new process works on it, alone, as the first may have been killed for the memory that
another one took. A second death is an answer: the task is lost, the others never are.

Ctrl-C is the business of the parent, which ends the processes; they do not see it. Should the
parent be killed, their pipes end, and so do they.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from dtovl.matrix.shards import Lots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection

Job = TypeVar("Job")
Answer = TypeVar("Answer")

_NO_MEMORY = 97  # the exit status of a process that ran out of memory; nothing else has it


class _Hand(NamedTuple):
    """A process, the pipe to it, and the tasks it was sent and has not answered, in order."""

    process: Any
    pipe: Connection[Any, Any]
    lot: list[int]


class Pool(Generic[Job, Answer]):
    """Runs tasks in processes, each with the work function that make gives there.

    tasks and make go to processes that are not forked as pickles. take is called, in this process,
    with the index and the result of each task as they come. A context, at whose end no process is
    left.
    """

    def __init__(
        self,
        tasks: Sequence[Job],
        make: Callable[[], Callable[[Job], Answer]],
        take: Callable[[int, Answer], None],
    ) -> None:
        self._tasks = tasks
        self._make = make
        self._take = take
        self._hands: dict[Connection[Any, Any], _Hand] = {}
        self._context: Any = get_context(_method())

    def __enter__(self) -> Pool[Job, Answer]:
        """Give the pool."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End the processes: at once after Ctrl-C or an error."""
        for hand in self._hands.values():
            hand.pipe.close()
            if kind is not None:
                hand.process.kill()
        for hand in self._hands.values():
            hand.process.join()

    def run(self, efforts: Sequence[int], indices: Sequence[int], jobs: int) -> dict[int, str]:
        """Work on the tasks of these indices; give those that are lost, with how it ended.

        Raises OSError when not one process can be started.
        """
        lots = Lots(efforts, indices, jobs)
        self._start(min(jobs, len(indices)))
        suspects = self._work_off(lots)
        lost = {}
        for index in sorted(suspects):
            self._retire()
            self._start(1)
            if self._work_off(Lots(efforts, [index], 1)):
                lost[index] = suspects[index]
        return lost

    def _work_off(self, lots: Lots) -> dict[int, str]:
        """Work until the lots are empty; give the tasks at which a process died, and how it did."""
        suspects: dict[int, str] = {}
        for hand in self._hands.values():
            self._send(hand, lots)
        while busy := [hand.pipe for hand in self._hands.values() if hand.lot]:
            for pipe in wait(busy):
                hand = self._hands[pipe]  # type: ignore[index]  # they are those of busy
                try:
                    index, result = hand.pipe.recv()
                except (EOFError, OSError):
                    at, *rest = hand.lot
                    suspects[at] = self._bury(hand)
                    lots.put_back(rest)
                    if lots:
                        self._start(1)
                        self._send(next(reversed(self._hands.values())), lots)
                    continue
                del hand.lot[0]
                self._take(index, result)
                if not hand.lot:
                    self._send(hand, lots)
        return suspects

    def _send(self, hand: _Hand, lots: Lots) -> None:
        lot = lots.take()
        if lot:
            hand.lot.extend(lot)
            # Of one that is dead, the end of its pipe is found when it is read.
            with suppress(OSError):
                hand.pipe.send(lot)

    # -- processes -----------------------------------------------------------------------------

    def _start(self, count: int) -> None:
        """Start processes: fewer when the machine does not give more, but one in all."""
        for _ in range(count):
            here, there = self._context.Pipe()
            forked = self._context.get_start_method() == "fork"
            inherited = [here, *self._hands] if forked else []
            arguments = (there, inherited, self._tasks, self._make)
            process = self._context.Process(target=_serve, args=arguments, daemon=True)
            try:
                with _interrupts_held():
                    process.start()
            except OSError:
                here.close()
                if not self._hands:
                    raise
                return
            finally:
                there.close()
            self._hands[here] = _Hand(process, here, [])

    def _bury(self, hand: _Hand) -> str:
        """Take a dead process out, and say how it ended."""
        del self._hands[hand.pipe]
        hand.pipe.close()
        hand.process.join()
        return _ending(hand.process.exitcode)

    def _retire(self) -> None:
        """End the processes, which have nothing to do."""
        for hand in list(self._hands.values()):
            self._bury(hand)


def _method() -> str:
    """Choose how processes are made.

    Forking costs least, and the tasks need not be sent. But a thread may hold a lock at that
    moment, for ever; and macOS has libraries that do not bear it.
    """
    if hasattr(os, "fork") and sys.platform != "darwin" and threading.active_count() == 1:
        return "fork"
    return "spawn"


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Keep Ctrl-C back until a process that is being started has said that it ignores it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ending(code: int | None) -> str:
    if code == _NO_MEMORY:
        return "it ran out of memory"
    if code is not None and code < 0:
        name = next((one.name for one in signal.Signals if one == -code), f"signal {-code}")
        often = ", as the system does when memory runs out" if name == "SIGKILL" else ""
        return f"it was ended by {name}{often}"
    return f"it ended with exit status {code}"


# -- in the process ------------------------------------------------------------------------------


def _serve(
    pipe: Connection[Any, Any],
    inherited: Sequence[Connection[Any, Any]],
    tasks: Sequence[Job],
    make: Callable[[], Callable[[Job], Answer]],
) -> None:
    """Answer the lots that come through a pipe until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    # As long as a copy of the other end is open, a pipe does not end with the parent.
    for other in inherited:
        other.close()
    try:
        work = make()
        while True:
            for index in pipe.recv():
                pipe.send((index, work(tasks[index])))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except MemoryError:
        os._exit(_NO_MEMORY)
