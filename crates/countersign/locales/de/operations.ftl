# The words of: operations.
