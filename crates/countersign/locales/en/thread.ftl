# The words of: thread.
