# The words of: request.
