# The words of: me.
