# The words of: operations.
operations-title = Operations
back-operations = Back to operations
operations-concerns = { $count ->
    [one] One file of directory and policies is not in force as it stands; the last good version is. The log and “countersign doctor” say why.
   *[other] { $count } files of directory and policies are not in force as they stand; the last good versions are. The log and “countersign doctor” say why.
}
operations-unroutable = Nobody to ask
operations-unroutable-none = Every open request has somebody who can decide it.
operations-due = next deadline
operations-reassign = Ask somebody …
operations-whom = Whom to ask
operations-whom-hint = The id of a person; several with commas. They are asked besides those whom the policy names.
operations-whom-missing = Please say whom to ask. Nothing was changed.
operations-reassign-go = Ask them
operations-dead = Dead letters
operations-dead-none = Nothing was given up on.
operations-attempts = { $count ->
    [one] { $count } attempt
   *[other] { $count } attempts
}
operations-answer = last answer
operations-retry = Try again …
operations-retry-about = The action { $action } is tried again with the same bytes and the same idempotency key: a receiver that did take it before will know it.
operations-retry-go = Try it again now
operations-abandon = Give up …
operations-abandon-about = The action { $action } will never run for this request, and those after it neither. This stays in the record.
operations-abandon-go = Give it up for good
operations-reason = Why
operations-reason-missing = Please say why it is given up: it stays in the record. Nothing was changed.
operations-lanes = Endpoints
operations-lanes-none = Nothing was sent since this node started.
operations-lane = Endpoint
operations-for = For
operations-notices = Notices
operations-state = State
operations-failing = { $count ->
    [one] Failed last time
   *[other] Failed { $count } times in a row
}
operations-well = Well
operations-taken = Taken
operations-failed = Failed
operations-taken-at = Last taken
operations-failed-at = Last failure
operations-model = Model
operations-model-none = No model writes summaries here; requests carry the plain one.
operations-node = This node
operations-version = Version
operations-started = Started
operations-size = Store
operations-events = Events
operations-requests = Requests
operations-outbox = Outbox
operations-oldest = the oldest was due
operations-overdue = Overdue wake-ups
operations-overdue-none = none
operations-next = Next wake-up
operations-notice = notice “{ $notice }” to { $name }
operations-retry-notice = It is sent again under the same id: { $what }.
operations-abandon-notice = It will not be sent any more: { $what }. This stays in the record.
