"""Signals: the first is recorded; in a notebook a second one does not end the process."""

import os
import signal
import sys
from types import ModuleType

import pytest

from evo.core.interrupt import Interrupted, Interrupts


def test_a_second_signal_in_a_notebook_keeps_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.received is signal.SIGINT
        with pytest.raises(Interrupted):
            os.kill(os.getpid(), signal.SIGINT)
