# The words of: new, of every form made from a policy's fields, and of the preview.
new-title = New request
new-choose = What do you want to ask for? Each policy says what it needs to know and who decides.
new-none = There is no policy in force yet. Whoever runs Countersign puts policies into its folder.
new-heading = New request: { $policy }
new-send = Send the request
new-preview = See who will be asked
new-own-name = You ask in your own name, { $name }. You will not be able to decide it.
new-wrong = { $count ->
    [one] One field needs your attention. Nothing was sent.
   *[other] { $count } fields need your attention. Nothing was sent.
}
new-wrong-whole = The form does not fit. Nothing was sent.
new-made = This form was already sent, with something else in it.
new-made-open = Look at that request
new-made-again = or send the form as it is now to make another one.
back-new = Choose a policy
form-optional = optional
form-entry = Entry
form-yes = Yes
form-no = No
form-none = Nothing
form-choose = Please choose
form-currency = Currency of { $field }
form-row = Row { $row }
form-more = More rows
form-rows = Empty rows are left out.
form-rows-max = At most { $count }.
form-length-min = { $count ->
    [one] At least { $count } character.
   *[other] At least { $count } characters.
}
form-length-max = { $count ->
    [one] At most { $count } character.
   *[other] At most { $count } characters.
}
form-pattern = Must match { $pattern }
form-min = At least { $bound }.
form-max = At most { $bound }.
form-decimal = Digits with a point, like 12.50.
form-money = Digits with a point, like 1250.00.
form-url = Begins with https:// or http://.
form-person = Begin to type; the id is what counts.
form-json = As JSON.
form-missing = This is needed.
form-wrong-text = This text does not fit: look at its length and form.
form-wrong-integer = A whole number is needed here, within the bounds.
form-wrong-decimal = A number with a point is needed here, like 12.50, within the bounds.
form-wrong-money = A sum is needed here: digits with a point and no other marks, like 1250.00, with no more digits after the point than the currency has, within the bounds.
form-wrong-date = A date is needed here, like 2026-01-31.
form-wrong-time = A time is needed here, like 09:30.
form-wrong-url = A whole address is needed here, beginning with https:// or http://, without a password in it.
form-wrong-email = An email address is needed here.
form-wrong-enum = Please choose one of the values.
form-wrong-bool = Please choose yes or no.
form-wrong-person = Nobody of this id is active in the directory.
form-wrong-json = This does not fit: { $why }
form-wrong-rows = { $count ->
    [one] There is something wrong with this row.
   *[other] There are { $count } rows: too many, or one is wrong.
}
preview-title = What would happen
preview-none = Fill in the form and press “See who will be asked”. Nothing is sent by it.
preview-verdict-allow = Approved at once, nobody is asked
preview-verdict-deny = Rejected at once, nobody is asked
preview-verdict-ask = People are asked
preview-rule = It falls under the rule
preview-failed = No rule can be evaluated, so the policy’s owner is asked: { $why }
preview-needs = { $count ->
    [one] One of:
   *[other] { $count } different people of:
}
preview-nobody = nobody today
preview-too-few = Too few people can decide this stage today: it would escalate at once, or wait until somebody can.
preview-until = Gives up
preview-why = Why this rule
preview-result-held = applies
preview-result-not-held = does not apply
preview-result-failed = cannot be evaluated
preview-result-not-reached = is not reached
preview-dry = A dry run: nothing is stored, nobody is told.
