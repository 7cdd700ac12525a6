-- What lists show of a request beside its row: JSON, a cache of the fold.
ALTER TABLE requests ADD COLUMN card TEXT NOT NULL DEFAULT '{}';

-- Who has which part in requests that do not wait for them: 1 waits for others, 2 done.
CREATE TABLE parts (
    request INTEGER NOT NULL REFERENCES requests (seq),
    person  TEXT    NOT NULL,
    part    INTEGER NOT NULL CHECK (part IN (1, 2)),
    PRIMARY KEY (request, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX parts_person ON parts (person, part, request);

-- Requests from before this table: those who asked for them, and those who still wait, are known.
INSERT INTO parts (request, person, part) SELECT seq, requester, 2 FROM requests WHERE status >= 4;
UPDATE requests SET card = json_object('p', json_array(requester)) WHERE status >= 4;
