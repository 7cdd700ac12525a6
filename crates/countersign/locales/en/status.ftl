# One word for where a request stands, and for its risk.
status-pending = Pending
status-returned = Returned
status-unroutable = Nobody to ask
status-held = Held
status-approved = Approved
status-rejected = Rejected
status-expired = Expired
status-withdrawn = Withdrawn
risk-low = Low risk
risk-medium = Medium risk
risk-high = High risk
