"""Lists the exit statuses of the command line."""

USAGE = 2
"""Exit status for errors of the user, of a plugin or of the data."""

CHECK_FAILED = 4
"""Exit status when a check failed: a plugin is broken, or does not keep its contract."""

READER_GONE = 141
"""Exit status when the reader has closed stdout, e.g. after `| head`: that of SIGPIPE."""
