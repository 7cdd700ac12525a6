-- What a request is about, in a few words: those about the same thing are found by it. Null where it was not written yet.
ALTER TABLE requests ADD COLUMN subject TEXT;

CREATE INDEX requests_subject ON requests (policy, subject) WHERE subject IS NOT NULL;
