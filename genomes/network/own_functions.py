"""Activation functions of users, known by name.

    register("sinc", sinc)

A gene has a function's code, from `FIRST_CODE` for users' functions. The code is a hash of the
name, so it is the same in every process, and in a run that is resumed. A compiled network has the
address of the machine code instead (`addresses`), and kernels call it there
(`genomes.network.calling`). So kernels are compiled and stored without the functions, and networks
without any lose no time.

numba compiles a function if it can. Otherwise kernels call Python for every value, which is some
twenty times slower. An exception then gives NaN, which fails the individual.
"""

import ctypes
import math
import warnings
import zlib
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, NamedTuple

import numba
import numpy as np

from genomes.arrays import Codes, Indices
from genomes.errors import GenomeError
from genomes.network.calling import PYTHONS
from genomes.network.functions import ACTIVATIONS

Function = Callable[[float], float]

FIRST_CODE = 64
_CODES = 256 - FIRST_CODE
_config: Any = numba.config
_cfunc: Any = numba.cfunc
_njit: Any = numba.njit


class SlowFunctionWarning(UserWarning):
    """Given for a function that cannot be compiled."""


class OwnFunction(NamedTuple):
    """A user's function.

    Attributes:
        function: The function as given.
        address: Address of its machine code.
        compiled: The object that owns the machine code.
    """

    function: Function
    address: int
    compiled: Any


# A process has one table of functions, because kernels are called with codes alone.
_known: dict[str, OwnFunction] = {}


def register(name: str, function: Function) -> None:
    """Make a function known by a name, instead of an earlier one of this name.

    Args:
        name: Letters, digits and underscores; not one of `ACTIVATIONS`.
        function: A number -> a number.

    Raises:
        GenomeError: If the name is taken or invalid, or the function does not return a number.
    """
    if not isinstance(name, str) or not name.isidentifier() or name.lower() in ("random", "none"):
        raise GenomeError(f"the name of an activation must be letters and digits, got {name!r}")
    if name in ACTIVATIONS:
        raise GenomeError(f"activation {name!r} exists; give yours another name")
    for other in _known:
        if other != name and code_of(other) == code_of(name):
            raise GenomeError(f"activation {name!r} has the same code as {other!r}; rename it")
    try:
        value: Any = function(0.5)
    except Exception as error:
        raise GenomeError(
            f"activation {name!r} must return a number for 0.5: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(value, Real | np.number | np.bool_):
        raise GenomeError(f"activation {name!r} must return a number for 0.5, got {value!r:.60}")
    if name not in _known or not _is_same(_known[name].function, function):
        _known[name] = _made(name, function)


def _is_same(one: Any, other: Any) -> bool:
    """Return whether two functions surely are the same, for example after unpickling."""
    if one is other:
        return True
    codes = [getattr(function, "__code__", None) for function in (one, other)]
    bound = [getattr(function, "__closure__", None) for function in (one, other)]
    return codes[0] is not None and codes[0] == codes[1] and bound == [None, None]


def _made(name: str, function: Function) -> OwnFunction:
    """Return a function as machine code."""
    if not _config.DISABLE_JIT:
        # The second is for compiled functions, and NumPy's.
        for candidate in (function, _plain(function)):
            try:
                compiled = _compiled(candidate)
            except Exception:  # noqa: BLE001 - numba raises many kinds
                continue
            return OwnFunction(function, compiled.address, compiled)
        warnings.warn(
            f"activation {name!r} cannot be compiled by numba and is called in Python, which is "
            "slow; use numbers and the functions of math only",
            SlowFunctionWarning,
            stacklevel=4,
        )

    def guarded(z: float) -> float:
        try:
            return float(function(z))
        except Exception:  # noqa: BLE001 - a user's function may raise anything
            return math.nan

    entry = PYTHONS(guarded)
    return OwnFunction(function, ctypes.cast(entry, ctypes.c_void_p).value or 0, entry)


def _compiled(function: Function) -> Any:
    """Return a function compiled by numba; an exception gives NaN.

    Raises:
        Exception: Of numba, if it cannot be compiled.
    """
    inner = _njit(error_model="numpy")(function)

    def guarded(z: float) -> float:
        try:
            return float(inner(z))
        except Exception:  # noqa: BLE001 - numba catches no particular ones
            return math.nan

    return _cfunc("float64(float64)", error_model="numpy")(guarded)


def functions() -> Mapping[str, Function]:
    """Return the registered functions by name."""
    return {name: own.function for name, own in _known.items()}


def add_to(genome_config: Any) -> None:
    """Add the registered functions to those of neat-python's `config.genome_config`."""
    for name, own in _known.items():
        genome_config.add_activation(name, _plain(own.function))


def _plain(function: Function) -> Function:
    """Return a plain function of one number, as neat-python requires."""

    def called(z: float) -> float:
        return function(z)

    return called


def names() -> tuple[str, ...]:
    """Return the names of all activation functions."""
    return (*ACTIVATIONS, *_known)


def code_of(name: str) -> int:
    """Return the code of a function in genes."""
    if name in ACTIVATIONS:
        return ACTIVATIONS.index(name)
    return FIRST_CODE + zlib.crc32(name.encode()) % _CODES


def name_of(value: int) -> str:
    """Return the name of a function from its code or its address.

    Raises:
        GenomeError: If it is not registered.
    """
    if value < len(ACTIVATIONS):
        return ACTIVATIONS[value]
    for name, own in _known.items():
        if value in (code_of(name), own.address):
            return name
    raise _missing(value)


def addresses(codes: Codes | Indices) -> Indices:
    """Return codes with those of users' functions replaced by addresses, int64.

    Raises:
        GenomeError: If a function is not registered.
    """
    found = codes.astype(np.int64)
    for code in np.unique(found[found >= FIRST_CODE]).tolist():
        found[codes == code] = _known[name_of(code)].address
    return found


def check_codes(codes: Codes) -> None:
    """Check that every code is one of a known function.

    Raises:
        GenomeError: If one is not.
    """
    for code in np.unique(codes[codes >= len(ACTIVATIONS)]).tolist():
        if code < FIRST_CODE:
            raise GenomeError(f"activation must be codes below {len(ACTIVATIONS)}, got {code}")
        name_of(code)


def _missing(value: int) -> GenomeError:
    return GenomeError(
        f"an activation function of your own is missing (code {value}); "
        'register it: evo.activation("NAME", function)'
    )
