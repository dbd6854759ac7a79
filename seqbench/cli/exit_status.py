"""Lists the exit statuses of the command line."""

USAGE = 2
"""Exit status when the user, a plugin's author or the data have something to mend."""

CHECK_FAILED = 4
"""Exit status when a check failed: a plugin is broken, or does not keep its contract."""

READER_GONE = 141
"""Exit status when nobody reads what is printed any more, such as after `| head`: that of SIGPIPE."""
