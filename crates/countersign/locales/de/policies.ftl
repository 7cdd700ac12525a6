# Die Wörter von: Regelwerke.
policies-title = Regelwerke
policies-about = Was sofort erlaubt ist, was abgelehnt wird und wer sonst gefragt wird. Die Dateien gelten; diese Seiten lesen sie vor.
policies-rules = { $count ->
    [one] { $count } Regel
   *[other] { $count } Regeln
}
back-policies = Alle Regelwerke
policy-ask = Antrag nach diesem Regelwerk
policy-owner = Eigner
policy-called = Anträge heißen
policy-version = Gültige Fassung
policy-findings = Einen Blick wert
policy-rules = Regeln
policy-rules-about = Von oben nach unten gelesen; die erste Regel, deren Bedingung gilt, entscheidet.
policy-col-number = Nr.
policy-col-rule = Regel
policy-col-when = Wenn
policy-col-then = Dann
policy-col-whom = Wer gefragt wird
policy-col-times = Fristen
policy-always = immer
policy-nobody = niemand
verdict-allow = Genehmigt
verdict-deny = Abgelehnt
policy-stage = Fragen: { $stage }
policy-beside = neben { $stage }
policy-today = Heute: { $people }
policy-seat = { $count } von { $from }
policy-or = oder
policy-group = Gruppe { $group }
policy-manager = die Führungskraft der antragstellenden Person
policy-managers = alle Führungskräfte über der antragstellenden Person
policy-managers-until = die Führungskräfte der antragstellenden Person bis zur ersten mit { $until }
policy-field = wer in { $field } steht
policy-requester = die antragstellende Person
policy-remind = Erinnert alle { $every }, wer noch nicht entschieden hat
policy-escalate-add = Fragt nach { $after } auch { $to }
policy-escalate-replace = Fragt nach { $after } stattdessen { $to }
policy-expiry-expire = Gibt nach { $after } auf: abgelaufen
policy-expiry-reject = Gibt nach { $after } auf: abgelehnt
policy-expiry-approve = Gibt nach { $after } auf: gilt als genehmigt
policy-require-passkey = Eine Zustimmung muss mit einem Passkey unterschrieben werden
policy-require-sign-in = Wer entscheidet, muss angemeldet sein: Ein Link in einer Nachricht genügt nicht
preview-then-expire = entscheidet niemand rechtzeitig, läuft der Antrag ab
preview-then-reject = entscheidet niemand rechtzeitig, gilt der Antrag als abgelehnt
preview-then-approve = entscheidet niemand rechtzeitig, gilt der Antrag als genehmigt
policy-rejections = { $count } Ablehnungen lehnen ab
policy-repeat = Wer in einer früheren Stufe zugestimmt hat, zählt auch hier
exact-days = { $count ->
    [one] { $count } Tag
   *[other] { $count } Tagen
}
exact-hours = { $count ->
    [one] { $count } Stunde
   *[other] { $count } Stunden
}
exact-minutes = { $count ->
    [one] { $count } Minute
   *[other] { $count } Minuten
}
exact-seconds = { $count ->
    [one] { $count } Sekunde
   *[other] { $count } Sekunden
}
policy-stages = Stufen
diagram-of = Stufen der Regel { $rule }
diagram-asked = Beantragt
diagram-approved = Genehmigt
diagram-needs = { $count ->
    [one] eine Person
   *[other] { $count } Personen
}
diagram-stage = { $stage } ({ $count ->
    [one] eine Person
   *[other] { $count } Personen
})
diagram-beside = neben
diagram-then = dann
diagram-words = Beantragt, dann { $steps }, dann genehmigt.
policy-try = Ausprobieren
policy-try-about = Welche Regel gelten würde, warum nicht die anderen und wer gefragt würde. Nichts wird gespeichert, niemand wird benachrichtigt.
policy-try-as = Als stellte den Antrag
policy-try-go = Ausprobieren
policy-try-none = Füllen Sie das Formular aus und drücken Sie „Ausprobieren“.
policy-versions = Fassungen
policy-since = seit
policy-in-force = Gültig
policy-compare = Was sich geändert hat
policy-compare-from = Vergleiche
policy-compare-to = mit
policy-compare-go = Unterschied zeigen
policy-difference = Von { $from } zu { $to }
policy-difference-none = Beide sagen dasselbe.
policy-difference-cut = Der Unterschied ist länger; gezeigt wird sein Anfang.
