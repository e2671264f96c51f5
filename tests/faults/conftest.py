"""Fixtures shared by the runs here."""

from collections.abc import Iterator

import pytest
from disturbing import undrawn


@pytest.fixture(scope="module", autouse=True)
def _no_drawings() -> Iterator[None]:
    """Yield the figures have tests of their own and take most of the time of a small run."""
    with pytest.MonkeyPatch.context() as patch:
        undrawn(patch.setattr)
        yield
