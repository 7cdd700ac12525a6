# Signing in and out.
signin-title = Sign in
signin-question = This link signs you in as { $name }. It works once.
signin-button = Sign in as { $name }
signin-out-title = You are signed out
signin-out-text = To come back, ask for a new sign-in link.
