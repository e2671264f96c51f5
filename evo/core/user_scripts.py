"""Scripts of users that define experiments: load them, here and in worker processes.

A script is imported once per process under a name of its own, so it can hide no other module, and
`if __name__ == "__main__"` does not hold. Worker processes get its source with the fitness, and
import it before they unpickle the fitness. So everything that the script defines can be sent by
name.

A script may start a run at its top level, by `evo.evolve`. While a script is being loaded, that
call does not run. It ends the loading with its experiment (`StopLoading`), because everything that
the experiment needs is defined above the call.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from evo.core.errors import FileError, InputError
from evo.core.user_files import user_file

_MAX_SOURCE = 1 << 22  # bytes
_MARK = "__evo_script__"
_PARSING = '; parse the command line under `if __name__ == "__main__"`'
_IS_LOADING: ContextVar[bool] = ContextVar("is_loading", default=False)


class StopLoading(BaseException):
    """Ends the loading of a script at its call of `evo.evolve`.

    Attributes:
        experiment: The experiment of the call.
    """

    def __init__(self, experiment: Any) -> None:
        super().__init__()
        self.experiment = experiment


def is_loading() -> bool:
    """Return whether a script is being loaded, so that no run may start."""
    return _IS_LOADING.get()


@contextmanager
def _loading() -> Iterator[None]:
    token = _IS_LOADING.set(True)
    try:
        yield
    finally:
        _IS_LOADING.reset(token)


@dataclass(frozen=True)
class Script:
    """A user's script.

    Attributes:
        path: Its path, as given.
        source: Its text.
    """

    path: str
    source: str

    @classmethod
    def read(cls, path: str | Path) -> "Script":
        """Read a script.

        Raises:
            FileError: If it cannot be read.
        """
        with user_file(path, "cannot be read"), open(path, "rb") as file:
            content = file.read(_MAX_SOURCE + 1)
        if len(content) > _MAX_SOURCE:
            raise FileError(path, "is too long for a script")
        try:
            return cls(str(Path(path).absolute()), content.decode())
        except UnicodeDecodeError:
            raise FileError(path, "is no script: it is not UTF-8 text") from None

    @property
    def name(self) -> str:
        """Name of the file."""
        return Path(self.path).name

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    @property
    def module_name(self) -> str:
        """Name of the module that it is loaded as."""
        stem = "".join(c if c.isalnum() else "_" for c in Path(self.path).stem)
        return f"evo_script_{self.sha256[:12]}_{stem}"

    def loaded(self) -> ModuleType:
        """Return the script as a module, and execute it the first time.

        Raises:
            InputError: If it raises an exception.
        """
        known = sys.modules.get(self.module_name)
        if known is not None:
            return known
        module = ModuleType(self.module_name)
        vars(module).update({"__file__": self.path, _MARK: self, "__evo_stopped__": None})
        sys.modules[self.module_name] = module
        folder = str(Path(self.path).parent)
        if folder not in sys.path:  # at the end: no file there hides another module
            sys.path.append(folder)
        try:
            with _loading():
                exec(compile(self.source, self.path, "exec"), vars(module))
        except StopLoading as stopped:
            vars(module)["__evo_stopped__"] = stopped.experiment
        except (Exception, SystemExit) as error:
            del sys.modules[self.module_name]
            hint = _PARSING if isinstance(error, SystemExit) else ""
            raise InputError(f"{self.path}: {_in_one_line(error)}{hint}") from error
        return module

    @property
    def evolved(self) -> Any:
        """The experiment of the call of `evo.evolve` that ended the loading, or None."""
        return vars(self.loaded())["__evo_stopped__"]


def script_of(function: Callable[..., Any]) -> Script | None:
    """Return the loaded script that defines a function, or None."""
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    found = vars(module).get(_MARK) if module is not None else None
    return found if isinstance(found, Script) else None


def _in_one_line(error: BaseException) -> str:
    """Return an exception of a script, with the line of the script that it came from."""
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if isinstance(trace.tb_frame.f_globals.get(_MARK), Script):
            line = trace.tb_lineno
        trace = trace.tb_next
    text = " ".join(str(error).split())
    place = f"line {line}: " if line is not None else ""
    return f"{place}{type(error).__name__}: {text}"
