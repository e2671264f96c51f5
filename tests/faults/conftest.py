"""Fixtures shared by the runs here."""

from collections.abc import Iterator

import pytest
from disturbing import undrawn


@pytest.fixture(scope="module", autouse=True)
def _no_drawings() -> Iterator[None]:
    """Draw no figures: they have their own tests and are slow."""
    with pytest.MonkeyPatch.context() as patch:
        undrawn(patch.setattr)
        yield
