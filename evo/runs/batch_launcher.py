"""Fork a process for each run of a batch: `python -m evo.runs.batch_launcher FOLDER GIVEN LIFE`.

The launcher imports what the runs need, and nothing of the user. It never runs anything itself, so
every fork starts from the same state. Messages are lines of JSON:

    ["begin", SEED]             on standard input: fork a process that carries out the run
    ["interrupt"]               on standard input: send SIGTERM to all of them
    [SEED, CODE, LINES, ERROR]  on standard output: how one ended (`evo.runs.batch_processes`)
    [SEED, ERRNO]               on standard output: the system cannot start it

The standard input of a run is the pipe LIFE, which ends with the batch. The launcher ends when its
input has ended, and after its runs. If it is killed, its runs are killed.
"""

import atexit
import gc
import json
import os
import select
import shutil
import signal
import sys
import tempfile
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numba
import numpy as np

from evo.core.errors import EvoError
from evo.core.platform import kill_with_parent
from evo.core.registry import PICTURES, load
from evo.engines import engine_class, genome_of
from evo.runs import batch_worker
from evo.runs.batch import Batch, Given
from evo.runs.batch_processes import outcome
from evo.runs.description import versions
from evo.runs.loading import parse_config

# numba's type information lacks it.
_njit: Any = numba.njit


class _Fork:
    """The process of one run, and the files that it writes to."""

    def __init__(self, seed: int, process: int, messages: BinaryIO, errors: BinaryIO) -> None:
        self.seed, self.process = seed, process
        self.messages, self.errors = messages, errors

    def ending(self) -> tuple[Any, ...] | None:
        """Return the message of its end, or None while it is at work."""
        process, status = os.waitpid(self.process, os.WNOHANG)
        if not process:
            return None
        with self.messages, self.errors:
            code = os.waitstatus_to_exitcode(status)
            return tuple(outcome(self.seed, code, self.messages, self.errors))


def import_everything(folder: Path) -> None:
    """Import the modules of a batch's runs. What cannot be found, each run reports.

    Args:
        folder: The batch's folder.
    """
    try:
        config, _ = parse_config(Batch.open(folder).config, folder)
        engine_class(config.run.engine)
    except EvoError:
        return
    versions()  # asks git
    _njit(lambda: 0)()  # the first kernel makes numba import modules
    genome = genome_of(config.run.engine)
    if genome in PICTURES:
        load(PICTURES[genome])
        from evo.analysis.plot.style import new_figure, png_bytes

        png_bytes(new_figure(1.0, 1.0))  # the same of the first picture


class Launcher:
    """The launcher's processes and pipes."""

    def __init__(self, life: int) -> None:
        """Prepare to fork.

        Args:
            life: Descriptor of the pipe that ends with the batch.
        """
        self._life = life
        self._forks: list[_Fork] = []
        # Only messages reach the batch.
        self._output = os.dup(1)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
        # SIGCHLD writes into this pipe.
        self._ends, self._end = os.pipe()
        os.set_blocking(self._end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._end, warn_on_full_buffer=False)

    def serve(self) -> int | None:
        """Fork until the input ends.

        Returns:
            In a fork: the seed of its run. In the launcher: None, when all is done.
        """
        rest, is_open = b"", True
        while is_open or self._forks:
            ready = select.select([self._ends, *([0] if is_open else [])], [], [])[0]
            if self._ends in ready:
                os.read(self._ends, 4096)
                self._report_ends()
            if 0 in ready:
                content = os.read(0, 1 << 16)
                is_open = bool(content)
                *lines, rest = (rest + content).split(b"\n")
                for line in lines:
                    seed = self._follow(*json.loads(line))
                    if seed is not None:
                        return seed
        return None

    def _follow(self, order: str, seed: int = 0) -> int | None:
        """Follow an order; return the seed in a new fork."""
        if order == "begin":
            return self._fork(seed)
        for one in self._forks:
            os.kill(one.process, signal.SIGTERM)
        return None

    def _fork(self, seed: int) -> int | None:
        """Fork a process; return the seed in it, and None in the launcher."""
        launcher = os.getpid()
        with ExitStack() as stack:
            try:
                messages = stack.enter_context(tempfile.TemporaryFile())
                errors = stack.enter_context(tempfile.TemporaryFile())
                process = os.fork()
            except OSError as error:
                self._send(seed, error.errno)
                return None
            stack.pop_all()
        if process:
            self._forks.append(_Fork(seed, process, messages, errors))
            return None
        kill_with_parent(launcher)
        self._become_a_run(messages, errors)
        return seed

    def _become_a_run(self, messages: BinaryIO, errors: BinaryIO) -> None:
        """Leave nothing of the launcher in a fork but its modules."""
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for new, old in ((self._life, 0), (messages.fileno(), 1), (errors.fileno(), 2)):
            os.dup2(new, old)
        for descriptor in (self._life, self._output, self._ends, self._end):
            os.close(descriptor)
        for file in (messages, errors):
            file.close()
        for other in self._forks:
            other.messages.close()
            other.errors.close()
        # The launcher's folder of kernels, if it has a temporary one, is not a run's to remove.
        atexit.unregister(shutil.rmtree)
        # Every process has its own random numbers where a user's script takes numpy's global ones.
        np.random.seed()

    def _report_ends(self) -> None:
        for one in list(self._forks):
            message = one.ending()
            if message is not None:
                self._forks.remove(one)
                self._send(*message)

    def _send(self, *message: Any) -> None:
        content = memoryview(json.dumps(message).encode() + b"\n")
        try:
            while content:
                content = content[os.write(self._output, content) :]
        except BrokenPipeError:  # the batch is dead
            return


def main(folder: str, given: str, life: str) -> int:
    """Fork until the batch ends; return the exit code of the launcher, or of a run.

    Args:
        folder: The batch's folder.
        given: A `Given` as JSON.
        life: Descriptor of the pipe that ends with the batch.
    """
    launcher = Launcher(int(life))
    import_everything(Path(folder))
    gc.collect()
    gc.freeze()  # collections in the forks would copy all pages
    with warnings.catch_warnings():
        # Python warns if the user's OMP_NUM_THREADS gives BLAS threads, which survive forks.
        warnings.simplefilter("ignore", DeprecationWarning)
        seed = launcher.serve()
    if seed is None:
        return 0
    sys.argv = [batch_worker.__file__, folder, str(seed), given]
    code = batch_worker.main(folder, str(seed), given)
    if not msgspec.json.decode(given, type=Given).script:
        # A quarter of a small run's time goes by while the interpreter ends.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code  # threads and exit functions of the user's script come to their end


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
