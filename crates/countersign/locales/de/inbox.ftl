# Der Eingang.
inbox-title = Eingang
inbox-groups = Gruppen
inbox-waiting = Wartet auf mich
inbox-others = Wartet auf andere
inbox-mine = Von mir
inbox-done = Erledigt
inbox-all = Alles
inbox-many = { $count }+
inbox-search = Suche
inbox-search-hint = In Titeln suchen
inbox-policy = Regelwerk
inbox-policy-any = Jedes Regelwerk
inbox-filter = Anzeigen
inbox-clear = Zurücksetzen
inbox-list = Anträge
inbox-mark = { $title } vormerken
inbox-by = { $requester } · { $policy }
inbox-voices = { $have } von { $needed }
inbox-said-yes = { $count ->
    [one] { $names } hat Ja gesagt
   *[other] { $names } haben Ja gesagt
}
inbox-soon = bald
inbox-urgent = dringend
inbox-no-amount = Kein Betrag
inbox-older = Weitere Anträge
inbox-first = Zum Anfang
inbox-empty-waiting = Nichts wartet auf Sie
inbox-empty-waiting-text = Genießen Sie die Ruhe. Was Sie braucht, erscheint hier von selbst.
inbox-empty-others = Nichts wartet auf andere
inbox-empty-others-text = Hier stehen Anträge, an denen Sie beteiligt waren und die andere entscheiden müssen.
inbox-empty-mine = Sie warten auf nichts
inbox-empty-mine-text = Was Sie beantragen, steht hier, bis es entschieden ist.
inbox-empty-done = Noch ist nichts erledigt
inbox-empty-done-text = Hier stehen entschiedene Anträge, an denen Sie beteiligt waren.
inbox-empty-all = Es gibt keine Anträge
inbox-empty-all-text = Der erste erscheint hier von selbst.
inbox-nothing-found = Nichts passt
inbox-nothing-found-text = Kein Antrag hier hat diese Wörter im Titel.
inbox-looked-on = Bisher passt nichts; es gibt noch mehr zu durchsuchen.
inbox-new = Neuer Antrag
inbox-marked = Vorgemerkte:
inbox-bulk-approve = Genehmigen …
inbox-bulk-reject = Ablehnen …
bulk-title-approve = { $count ->
    [one] { $count } Antrag genehmigen?
   *[other] { $count } Anträge genehmigen?
}
bulk-title-reject = { $count ->
    [one] { $count } Antrag ablehnen?
   *[other] { $count } Anträge ablehnen?
}
bulk-explain = Über jeden wird einzeln entschieden, in der hier gezeigten Fassung. Noch ist nichts entschieden.
bulk-reason = Grund
bulk-reason-needed = Nötig: Er wird allen mitgeteilt, die den Antrag gestellt haben.
bulk-comment = Kommentar
bulk-revision = Fassung { $revision }
bulk-do-approve = { $count ->
    [one] { $count } Antrag genehmigen
   *[other] { $count } Anträge genehmigen
}
bulk-do-reject = { $count ->
    [one] { $count } Antrag ablehnen
   *[other] { $count } Anträge ablehnen
}
bulk-cancel = Zurück, ohne zu entscheiden
bulk-none = Es war nichts vorgemerkt
bulk-none-text = Merken Sie zuerst im Eingang Anträge vor. Es wurde nichts entschieden.
bulk-result-title = Was aus jedem wurde
bulk-result = { $done } von { $count } entschieden
bulk-result-refused = Nicht entschieden
bulk-reason-missing = Bitte sagen Sie, warum Sie ablehnen: Es wird mitgeteilt. Noch ist nichts entschieden.
bulk-too-long = Der Kommentar ist länger als 10.000 Zeichen; es wurde nichts entschieden.
inbox-needs = { $count ->
    [one] Braucht { $count } Person
   *[other] Braucht { $count } Personen
}
