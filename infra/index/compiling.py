"""Compilation of the few loops that NumPy cannot express: by numba, when first called, and kept on disk."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

Given = ParamSpec("Given")
Result = TypeVar("Result")


def compiled(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Compile a function for the processor it runs on; it lets other threads run meanwhile.

    The machine code is kept beside the source, or in the user's cache folder where the installation is read-only.
    Where neither can be written, each process compiles for itself.
    """
    try:
        kept = njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba's word for a cache that has no place
        kept = njit(nogil=True)(function)
    return cast("Callable[Given, Result]", kept)
