"""Turns garbage collection off while the server of the workers imports torch, which saves a sixth of the time.

Importing this module turns the collector off, in that server only: it is the first module that the server imports.
A worker turns the collector on again before it does anything.
"""

import gc

gc.disable()
