# The words of: policies.
policies-title = Policies
policies-about = What is allowed at once, what is refused, and who is asked otherwise. The files are the truth; these pages read them out.
policies-rules = { $count ->
    [one] { $count } rule
   *[other] { $count } rules
}
back-policies = All policies
policy-ask = Ask under this policy
policy-owner = Owner
policy-called = Requests are called
policy-version = Version in force
policy-findings = Worth a look
policy-rules = Rules
policy-rules-about = Read from top to bottom; the first rule whose condition holds decides.
policy-col-number = No.
policy-col-rule = Rule
policy-col-when = If
policy-col-then = Then
policy-col-whom = Who is asked
policy-col-times = Deadlines
policy-always = always
policy-nobody = nobody
verdict-allow = Approved
verdict-deny = Rejected
policy-stage = Ask: { $stage }
policy-beside = beside { $stage }
policy-today = Today: { $people }
policy-seat = { $count } from { $from }
policy-or = or
policy-group = group { $group }
policy-manager = the requester’s manager
policy-managers = the requester’s managers, all the way up
policy-managers-until = the requester’s managers, up to the first with { $until }
policy-field = whoever stands in { $field }
policy-requester = the requester
policy-remind = Reminds every { $every } those who have not decided
policy-escalate-add = After { $after } also asks { $to }
policy-escalate-replace = After { $after } asks { $to } instead
policy-expiry-expire = Gives up after { $after }: expired
policy-expiry-reject = Gives up after { $after }: rejected
policy-expiry-approve = Gives up after { $after }: counts as approved
policy-require-passkey = An approval must be signed with a passkey
policy-require-sign-in = Whoever decides must have signed in: a link in a notice is not enough
preview-then-expire = where nobody decides in time, it expires
preview-then-reject = where nobody decides in time, it is rejected
preview-then-approve = where nobody decides in time, it counts as approved
policy-rejections = { $count } rejections reject it
policy-repeat = Who approved an earlier stage may count here too
exact-days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}
exact-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
exact-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
exact-seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}
policy-stages = Stages
diagram-of = Stages of the rule { $rule }
diagram-asked = Asked
diagram-approved = Approved
diagram-needs = { $count ->
    [one] one person
   *[other] { $count } people
}
diagram-stage = { $stage } ({ $count ->
    [one] one person
   *[other] { $count } people
})
diagram-beside = beside
diagram-then = then
diagram-words = Asked, then { $steps }, then approved.
policy-try = Try it
policy-try-about = Which rule would apply, why not the others, and who would be asked. Nothing is stored, nobody is told.
policy-try-as = As if asked by
policy-try-go = Try it
policy-try-none = Fill in the form and press “Try it”.
policy-versions = Versions
policy-since = since
policy-in-force = In force
policy-compare = What changed
policy-compare-from = Compare
policy-compare-to = with
policy-compare-go = Show the difference
policy-difference = From { $from } to { $to }
policy-difference-none = The two say the same.
policy-difference-cut = The difference is longer; its beginning is shown.
