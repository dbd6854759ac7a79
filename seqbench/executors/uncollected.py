"""Spares the server of the workers time: garbage collection while it imports torch, and freeing it all at its end.

It is the first module that the server imports, and does nothing in any other process. A worker turns the
collector on again before it does anything.
"""

import atexit
import gc
import os
import sys

if any("multiprocessing.forkserver" in word for word in sys.orig_argv):
    gc.disable()
    # Registered first, so it runs last. To free what torch imported takes 1.5 s, on a busy machine 10 s, and
    # nothing waits for it. Workers, the server's children, end without the functions of atexit.
    atexit.register(os._exit, 0)
