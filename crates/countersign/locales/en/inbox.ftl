# The words of: inbox.
