# Das Gespräch neben einem Antrag.
thread-title = Gespräch
thread-empty = Noch hat niemand etwas gesagt.
thread-back = Zurück zum Antrag
thread-said-comment = schrieb
thread-said-attachment = hängte eine Datei an
thread-said-approve = genehmigte und sagte
thread-said-reject = lehnte ab und sagte
thread-said-request-changes = bat um Änderungen und sagte
thread-erased = eine Datei, die gelöscht wurde
thread-size = { $kib } KiB
thread-comment = Etwas sagen
thread-file = Eine Datei anhängen
thread-file-note = PDF, Bild, Text oder CSV, bis 5 MiB
thread-send = Senden
