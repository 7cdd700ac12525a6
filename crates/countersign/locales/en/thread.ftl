# The conversation beside a request.
thread-title = Conversation
thread-empty = Nobody has said anything yet.
thread-back = Back to the request
thread-said-comment = wrote
thread-said-attachment = attached a file
thread-said-approve = approved and said
thread-said-reject = rejected and said
thread-said-request-changes = asked for changes and said
thread-erased = a file that was erased
thread-size = { $kib } KiB
thread-comment = Say something
thread-file = Attach a file
thread-file-note = PDF, picture, text or CSV, up to 5 MiB
thread-send = Send
