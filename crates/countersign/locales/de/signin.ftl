# An- und Abmelden.
signin-title = Anmelden
signin-question = Dieser Link meldet Sie als { $name } an. Er gilt einmal.
signin-button = Als { $name } anmelden
signin-out-title = Sie sind abgemeldet
signin-out-text = Um wiederzukommen, bitten Sie um einen neuen Anmeldelink.
