# The words of: new.
