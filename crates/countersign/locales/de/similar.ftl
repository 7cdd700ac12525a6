# Frühere Anträge, die diesem gleichen.
similar-title = Ähnliche Anträge davor
similar-by = gefragt von { $name }
similar-requester = dieselbe Person
similar-subject = um dasselbe
similar-both = dieselbe Person, um dasselbe
