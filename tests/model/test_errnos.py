"""Numbers of errors, held against those of the machine where it runs Linux."""

from __future__ import annotations

import errno
import sys

import pytest

from dtovl.model.errnos import ERRNO


@pytest.mark.skipif(sys.platform != "linux", reason="numbers differ elsewhere")
def test_numbers_are_those_of_linux() -> None:
    known = {name: number for name, number in ERRNO.items() if hasattr(errno, name)}
    assert len(known) >= 130
    assert known == {name: getattr(errno, name) for name in known}


def test_numbers_inside_of_the_kernel() -> None:
    assert ERRNO["ERESTARTSYS"] == 512
    assert ERRNO["EPROBE_DEFER"] == 517
    assert ERRNO["EBADHANDLE"] == 521
    assert ERRNO["ENOTSUPP"] == 524
    assert ERRNO["EJUKEBOX"] == 528
    assert len(set(ERRNO.values())) == len(ERRNO)
