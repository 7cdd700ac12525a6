# Die Wörter von: Betrieb.
operations-title = Betrieb
back-operations = Zurück zum Betrieb
operations-concerns = { $count ->
    [one] Eine Datei von Verzeichnis und Regelwerken gilt nicht, wie sie dasteht; es gilt die letzte gute Fassung. Warum, sagen das Protokoll und „countersign doctor“.
   *[other] { $count } Dateien von Verzeichnis und Regelwerken gelten nicht, wie sie dastehen; es gelten die letzten guten Fassungen. Warum, sagen das Protokoll und „countersign doctor“.
}
operations-unroutable = Niemand zu fragen
operations-unroutable-none = Über jeden offenen Antrag kann jemand entscheiden.
operations-due = nächste Frist
operations-reassign = Jemanden fragen …
operations-whom = Wen fragen
operations-whom-hint = Die Kennung einer Person; mehrere mit Komma. Sie werden neben denen gefragt, die das Regelwerk nennt.
operations-whom-missing = Bitte sagen Sie, wer gefragt werden soll. Es wurde nichts geändert.
operations-reassign-go = Fragen
operations-dead = Unzustellbares
operations-dead-none = Es wurde nichts aufgegeben.
operations-attempts = { $count ->
    [one] { $count } Versuch
   *[other] { $count } Versuche
}
operations-answer = letzte Antwort
operations-retry = Noch einmal versuchen …
operations-retry-about = Die Aktion { $action } wird mit denselben Bytes und demselben Idempotenzschlüssel noch einmal versucht: ein Empfänger, der sie doch schon angenommen hat, erkennt sie.
operations-retry-go = Jetzt noch einmal versuchen
operations-abandon = Aufgeben …
operations-abandon-about = Die Aktion { $action } wird für diesen Antrag nie laufen, und die nach ihr auch nicht. Das bleibt im Protokoll.
operations-abandon-go = Endgültig aufgeben
operations-reason = Warum
operations-reason-missing = Bitte sagen Sie, warum das aufgegeben wird: es bleibt im Protokoll. Es wurde nichts geändert.
operations-lanes = Empfänger
operations-lanes-none = Seit dem Start dieses Knotens wurde nichts gesendet.
operations-lane = Empfänger
operations-for = Für
operations-notices = Nachrichten
operations-state = Zustand
operations-failing = { $count ->
    [one] Zuletzt fehlgeschlagen
   *[other] { $count } Mal in Folge fehlgeschlagen
}
operations-well = Gut
operations-taken = Angenommen
operations-failed = Fehlgeschlagen
operations-taken-at = Zuletzt angenommen
operations-failed-at = Letzter Fehler
operations-model = Modell
operations-model-none = Hier schreibt kein Modell Zusammenfassungen; Anträge tragen die schlichte.
operations-node = Dieser Knoten
operations-version = Version
operations-started = Gestartet
operations-size = Speicher
operations-events = Ereignisse
operations-requests = Anträge
operations-outbox = Ausgang
operations-oldest = das Älteste war fällig
operations-overdue = Überfällige Weckrufe
operations-overdue-none = keine
operations-next = Nächster Weckruf
operations-notice = Nachricht „{ $notice }“ an { $name }
operations-retry-notice = Wird unter derselben Kennung noch einmal gesendet: { $what }.
operations-abandon-notice = Wird nicht mehr gesendet: { $what }. Das bleibt im Protokoll.
