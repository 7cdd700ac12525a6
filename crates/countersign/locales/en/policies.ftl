# The words of: policies.
