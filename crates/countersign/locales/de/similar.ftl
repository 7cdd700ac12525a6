# The words of: similar.
