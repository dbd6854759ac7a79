"""Why does the server of the workers import torch in a sixth less time? It collects no garbage meanwhile.

Importing it turns the collector off, in that server only: it is the first module that the server imports. A
worker turns the collector on again before it does anything.
"""

import gc

gc.disable()
