"""Compiling: Python loops over arrays into machine code, once a machine where that can be kept."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile a function of arrays and numbers when it is first called, which takes seconds of CPU.

    The machine code is kept beside the source, or in the user's cache folder where that may not be written. Where
    neither may, each process compiles for itself; `NUMBA_CACHE_DIR` names another folder.
    """
    return _compiled(function, reorders=False)


def compiled_to_reorder(function: Function) -> Function:
    """As `compiled`; sums may be taken in another order, which is faster and rounds differently."""
    return _compiled(function, reorders=True)


def _compiled(function: Function, *, reorders: bool) -> Function:
    try:
        return cast("Function", numba.njit(cache=True, nogil=True, fastmath=reorders)(function))
    except RuntimeError:  # Numba found no folder to write to
        return cast("Function", numba.njit(nogil=True, fastmath=reorders)(function))
