# The words of: passkey.
