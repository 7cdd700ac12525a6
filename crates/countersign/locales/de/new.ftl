# Die Wörter von: Neuer Antrag, von Formularen aus den Feldern eines Regelwerks und von der Vorschau.
new-title = Neuer Antrag
new-choose = Was möchten Sie beantragen? Jedes Regelwerk sagt, was es wissen muss und wer entscheidet.
new-none = Es gilt noch kein Regelwerk. Wer Countersign betreibt, legt Regelwerke in seinen Ordner.
new-heading = Neuer Antrag: { $policy }
new-send = Antrag stellen
new-preview = Sehen, wer gefragt wird
new-own-name = Sie stellen den Antrag im eigenen Namen, { $name }. Sie können nicht selbst darüber entscheiden.
new-wrong = { $count ->
    [one] Ein Feld braucht Ihre Aufmerksamkeit. Es wurde nichts gesendet.
   *[other] { $count } Felder brauchen Ihre Aufmerksamkeit. Es wurde nichts gesendet.
}
new-wrong-whole = Das Formular passt nicht. Es wurde nichts gesendet.
new-made = Dieses Formular wurde schon gesendet, mit anderem Inhalt.
new-made-open = Diesen Antrag ansehen
new-made-again = oder das Formular, wie es jetzt ist, als weiteren Antrag senden.
back-new = Ein Regelwerk wählen
form-optional = freiwillig
form-entry = Eintrag
form-yes = Ja
form-no = Nein
form-none = Nichts
form-choose = Bitte wählen
form-currency = Währung von { $field }
form-row = Zeile { $row }
form-more = Mehr Zeilen
form-rows = Leere Zeilen zählen nicht.
form-rows-max = Höchstens { $count }.
form-length-min = Mindestens { $count } Zeichen.
form-length-max = Höchstens { $count } Zeichen.
form-pattern = Muss passen auf { $pattern }
form-min = Mindestens { $bound }.
form-max = Höchstens { $bound }.
form-decimal = Ziffern mit Punkt, wie 12.50.
form-money = Ziffern mit Punkt, wie 1250.00.
form-url = Beginnt mit https:// oder http://.
form-person = Tippen Sie los; es zählt die Kennung.
form-json = Als JSON.
form-missing = Das wird gebraucht.
form-wrong-text = Dieser Text passt nicht: achten Sie auf Länge und Form.
form-wrong-integer = Hier wird eine ganze Zahl gebraucht, innerhalb der Grenzen.
form-wrong-decimal = Hier wird eine Zahl mit Punkt gebraucht, wie 12.50, innerhalb der Grenzen.
form-wrong-money = Hier wird ein Betrag gebraucht: Ziffern mit Punkt und ohne andere Zeichen, wie 1250.00, mit höchstens so vielen Stellen, wie die Währung hat, innerhalb der Grenzen.
form-wrong-date = Hier wird ein Datum gebraucht, wie 2026-01-31.
form-wrong-time = Hier wird eine Uhrzeit gebraucht, wie 09:30.
form-wrong-url = Hier wird eine ganze Adresse gebraucht, die mit https:// oder http:// beginnt und kein Passwort enthält.
form-wrong-email = Hier wird eine E-Mail-Adresse gebraucht.
form-wrong-enum = Bitte wählen Sie einen der Werte.
form-wrong-bool = Bitte wählen Sie Ja oder Nein.
form-wrong-person = Niemand mit dieser Kennung ist im Verzeichnis aktiv.
form-wrong-json = Das passt nicht: { $why }
form-wrong-rows = { $count ->
    [one] Mit dieser Zeile stimmt etwas nicht.
   *[other] Es sind { $count } Zeilen: zu viele, oder mit einer stimmt etwas nicht.
}
preview-title = Was geschehen würde
preview-none = Füllen Sie das Formular aus und drücken Sie „Sehen, wer gefragt wird“. Dabei wird nichts gesendet.
preview-verdict-allow = Sofort genehmigt, niemand wird gefragt
preview-verdict-deny = Sofort abgelehnt, niemand wird gefragt
preview-verdict-ask = Menschen werden gefragt
preview-rule = Es fällt unter die Regel
preview-failed = Keine Regel lässt sich auswerten, darum wird der Eigner des Regelwerks gefragt: { $why }
preview-needs = { $count ->
    [one] Jemand von:
   *[other] { $count } verschiedene Personen von:
}
preview-nobody = heute niemand
preview-too-few = Zu wenige können diese Stufe heute entscheiden: sie würde sofort eskalieren oder warten, bis es jemand kann.
preview-until = Gibt auf
preview-why = Warum diese Regel
preview-result-held = gilt
preview-result-not-held = gilt nicht
preview-result-failed = lässt sich nicht auswerten
preview-result-not-reached = wird nicht erreicht
preview-dry = Ein Probelauf: nichts wird gespeichert, niemand wird benachrichtigt.
