"""Checkpoints with one value changed and every hash right; shared with `benchmarks`."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from evo.core.state import State

_NUMBERS = (0, 1, -1, 2, 7, 2**31, -(2**31), 2**53, 2**62, -(2**62), 2**63 - 1, -(2**63))
_REALS = (0.0, -0.0, 1.0, -1.0, 1e-300, 1e300, -1e300, 0.5, float("inf"), float("nan"))
_JSON = (
    None, True, False, 0, 1, -1, -5, 6.5, 10**9, 2**53, 2**63, 10**30, 1e300, -1e-300,
    "", "5", "zzz", "nan", [], {}, [0], [[0, 1], [2, 3]], {"x": 1}, [None], [1e300] * 5,
)  # fmt: skip

Array = np.ndarray[Any, Any]


def mutant(state: State, chance: random.Random) -> tuple[State, str]:
    """Return a state with one changed entry, and a description."""
    arrays = {name: array.copy() for name, array in state.arrays.items()}
    values = _copied(state.values)
    if arrays and chance.random() < 0.6:
        name = chance.choice(sorted(arrays))
        change = chance.choice(_ARRAY_CHANGES)
        arrays[name] = change(arrays[name], chance)
        return State(arrays, values), f"array {name}: {change.__name__}"
    path = chance.choice(_paths(values))
    place = values
    for key in path[:-1]:
        place = place[key]
    old = place[path[-1]]
    kind = chance.randrange(4)
    if kind == 0 and isinstance(place, dict):
        del place[path[-1]]
        return State(arrays, values), f"value {path}: missing"
    if kind == 1 and isinstance(old, int | float) and not isinstance(old, bool):
        place[path[-1]] = old + chance.choice((1, -1, 0.5, 10**6))
    else:
        place[path[-1]] = chance.choice(_JSON)
    return State(arrays, values), f"value {path}: {old!r:.40} -> {place[path[-1]]!r:.40}"


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(one) for name, one in value.items()}
    return [_copied(one) for one in value] if isinstance(value, list) else value


def _paths(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all values in nested JSON."""
    found = []
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in inner:
        found.append((*before, key))
        if isinstance(one, dict | list):
            found += _paths(one, (*before, key))
    return found


def _element(array: Array, chance: random.Random) -> Array:
    """Set one element to an extreme value."""
    if array.size:
        array.flat[chance.randrange(array.size)] = _extreme(array, chance)
    return array


def _some(array: Array, chance: random.Random) -> Array:
    """Set many elements to one extreme value."""
    if array.size:
        value = _extreme(array, chance)
        for _ in range(max(1, array.size // 3)):
            array.flat[chance.randrange(array.size)] = value
    return array


def _near(array: Array, chance: random.Random) -> Array:
    """Change one element slightly."""
    if array.size:
        index = chance.randrange(array.size)
        array.flat[index] = ~array.flat[index] if array.dtype == bool else array.flat[index] + 1
    return array


def _swapped(array: Array, chance: random.Random) -> Array:
    """Exchange two elements."""
    if array.size:
        i, j = chance.randrange(array.size), chance.randrange(array.size)
        array.flat[i], array.flat[j] = array.flat[j].copy(), array.flat[i].copy()
    return array


def _shuffled(array: Array, chance: random.Random) -> Array:
    flat = array.ravel()
    return flat[chance.sample(range(flat.size), flat.size)].reshape(array.shape)


def _shorter(array: Array, chance: random.Random) -> Array:
    return array[: chance.randrange(len(array))] if array.ndim and len(array) else array


def _longer(array: Array, chance: random.Random) -> Array:
    return np.concatenate([array, array[-chance.choice((1, 2)) :]]) if array.ndim else array


def _much_longer(array: Array, chance: random.Random) -> Array:
    """Repeat all rows, up to some 100,000 elements."""
    times = 100_000 // max(1, array.size)
    return np.concatenate([array] * chance.randint(2, 2 + times)) if array.ndim else array


def _empty(array: Array, chance: random.Random) -> Array:
    return array[:0] if array.ndim else array


def _cast(array: Array, chance: random.Random) -> Array:
    kinds = ("<f8", "<f4", "<i8", "<i4", "<u8", "|b1", "|u1", "<c16", ">i8", "<U3")
    with np.errstate(all="ignore"):
        return array.astype(chance.choice(kinds))


def _reshaped(array: Array, chance: random.Random) -> Array:
    return array.reshape(chance.choice([(-1,), (1, *array.shape), (*array.shape, 1)]))


def _bits(array: Array, chance: random.Random) -> Array:
    """Flip one bit."""
    content = bytearray(array.tobytes())
    if content and array.dtype != bool:
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    # A copy: kernels are compiled anew for arrays that cannot be written.
    return np.frombuffer(bytes(content), array.dtype).reshape(array.shape).copy()


def _extreme(array: Array, chance: random.Random) -> Any:
    if array.dtype == bool:
        return chance.random() < 0.5
    if array.dtype.kind == "f":
        return chance.choice(_REALS)
    limits = np.iinfo(array.dtype)
    return min(limits.max, max(limits.min, chance.choice((*_NUMBERS, array.size))))


_ARRAY_CHANGES: tuple[Callable[[Array, random.Random], Array], ...] = (
    _element, _element, _element, _some, _near, _near, _swapped, _swapped, _shuffled, _shorter,
    _longer, _much_longer, _empty, _cast, _reshaped, _bits,
)  # fmt: skip
