# The inbox.
inbox-title = Inbox
inbox-groups = Groups
inbox-waiting = Waiting for me
inbox-others = Waiting for others
inbox-mine = Mine
inbox-done = Done
inbox-all = Everything
inbox-many = { $count }+
inbox-search = Search
inbox-search-hint = Search titles
inbox-policy = Policy
inbox-policy-any = Every policy
inbox-filter = Show
inbox-clear = Clear
inbox-list = Requests
inbox-mark = Mark { $title }
inbox-by = { $requester } · { $policy }
inbox-voices = { $have } of { $needed }
inbox-said-yes = { $count ->
    [one] { $names } said yes
   *[other] { $names } said yes
}
inbox-soon = soon
inbox-urgent = urgent
inbox-no-amount = No amount
inbox-older = Further requests
inbox-first = Back to the beginning
inbox-empty-waiting = Nothing waits for you
inbox-empty-waiting-text = Enjoy the quiet. What needs you appears here by itself.
inbox-empty-others = Nothing waits for others
inbox-empty-others-text = Requests that you had a part in and that others must decide stand here.
inbox-empty-mine = You are waiting for nothing
inbox-empty-mine-text = What you ask for stands here until it has an outcome.
inbox-empty-done = Nothing is done yet
inbox-empty-done-text = Requests with an outcome that you had a part in stand here.
inbox-empty-all = There are no requests
inbox-empty-all-text = The first one appears here by itself.
inbox-nothing-found = Nothing fits
inbox-nothing-found-text = No request here has these words in its title.
inbox-looked-on = Nothing fits so far; there is more to look through.
inbox-new = New request
inbox-marked = Those marked:
inbox-bulk-approve = Approve …
inbox-bulk-reject = Reject …
bulk-title-approve = { $count ->
    [one] Approve { $count } request?
   *[other] Approve { $count } requests?
}
bulk-title-reject = { $count ->
    [one] Reject { $count } request?
   *[other] Reject { $count } requests?
}
bulk-explain = Each is decided by itself, on the revision shown here. Nothing has been decided yet.
bulk-reason = Reason
bulk-reason-needed = Needed: every requester is told it.
bulk-comment = Comment
bulk-revision = Revision { $revision }
bulk-do-approve = { $count ->
    [one] Approve { $count } request
   *[other] Approve { $count } requests
}
bulk-do-reject = { $count ->
    [one] Reject { $count } request
   *[other] Reject { $count } requests
}
bulk-cancel = Back without deciding
bulk-none = Nothing was marked
bulk-none-text = Mark requests in the inbox first. Nothing was decided.
bulk-result-title = What became of each
bulk-result = { $done } of { $count } decided
bulk-result-refused = Not decided
bulk-reason-missing = Please say why you reject them: the requesters are told. Nothing was decided yet.
bulk-too-long = The comment is longer than 10,000 characters; nothing was decided.
inbox-needs = { $count ->
    [one] Needs { $count } person
   *[other] Needs { $count } people
}
