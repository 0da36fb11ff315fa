"""The threads of a process share a few heaps once they are told to."""

import subprocess
import sys

import pytest

FILL = """
import ctypes, threading
from infra.heaps import share_heaps
if {told}:
    share_heaps(2)
together = threading.Barrier(16)
def fill():
    kept = [bytes(1000) for _ in range(200)]
    together.wait()
    del kept
threads = [threading.Thread(target=fill) for _ in range(16)]
for each in threads:
    each.start()
for each in threads:
    each.join()
library = ctypes.CDLL(None)
library.open_memstream.restype = ctypes.c_void_p
text, size = ctypes.c_char_p(), ctypes.c_size_t()
stream = library.open_memstream(ctypes.byref(text), ctypes.byref(size))
library.malloc_info(0, ctypes.c_void_p(stream))
library.fclose(ctypes.c_void_p(stream))
print(text.value.decode().count("<heap nr="))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="heaps are those of glibc")
def test_threads_share_two_heaps_and_have_one_each_otherwise():
    heaps = {
        told: int(subprocess.check_output([sys.executable, "-c", FILL.format(told=told)])) for told in (True, False)
    }
    assert heaps[True] <= 2 < heaps[False]
