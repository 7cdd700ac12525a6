# The words of: timeline.
