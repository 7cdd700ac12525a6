# Ein Wort dafür, wo ein Antrag steht, und für sein Risiko.
status-pending = Offen
status-returned = Zurückgegeben
status-unroutable = Niemand zu fragen
status-held = Angehalten
status-approved = Genehmigt
status-rejected = Abgelehnt
status-expired = Verfallen
status-withdrawn = Zurückgezogen
risk-low = Geringes Risiko
risk-medium = Mittleres Risiko
risk-high = Hohes Risiko
