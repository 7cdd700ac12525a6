# The words of: confirm.
