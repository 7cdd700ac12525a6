# The words of: audit.
