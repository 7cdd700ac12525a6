-- Times are milliseconds since 1970 in UTC. Ids are their sixteen bytes. `requests.seq` stands for a request
-- in every other table: small, and in the order of submission.

CREATE TABLE requests (
    seq            INTEGER PRIMARY KEY,
    id             BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    version        INTEGER NOT NULL CHECK (version >= 1),
    policy         TEXT    NOT NULL,
    policy_version BLOB    NOT NULL CHECK (length(policy_version) = 32),
    requester      TEXT    NOT NULL,
    submitted_with BLOB    CHECK (length(submitted_with) = 16),
    external_id    TEXT,
    -- 0 pending, 1 returned, 2 unroutable, 3 held, 4 approved, 5 rejected, 6 expired, 7 withdrawn
    status         INTEGER NOT NULL CHECK (status BETWEEN 0 AND 7),
    title          TEXT    NOT NULL,
    risk           TEXT    NOT NULL,
    revision       INTEGER NOT NULL CHECK (revision >= 1),
    -- A JSON list of person ids; the same people as in `waiting`. Null for nobody.
    waiting        TEXT,
    dead_letter    INTEGER NOT NULL CHECK (dead_letter IN (0, 1)),
    due            INTEGER,
    next_wakeup    INTEGER,
    created_at     INTEGER NOT NULL,
    settled_at     INTEGER,
    CHECK ((status >= 4) = (settled_at IS NOT NULL))
) STRICT;

-- Each index ends with the order of submission, which is what lists page by.
CREATE INDEX requests_status      ON requests (status);
CREATE INDEX requests_policy      ON requests (policy, status);
CREATE INDEX requests_requester   ON requests (requester, status);
CREATE INDEX requests_key         ON requests (submitted_with) WHERE submitted_with IS NOT NULL;
CREATE INDEX requests_external    ON requests (external_id)    WHERE external_id IS NOT NULL;
CREATE INDEX requests_dead_letter ON requests (dead_letter)    WHERE dead_letter = 1;
CREATE INDEX requests_wakeup      ON requests (next_wakeup)    WHERE next_wakeup IS NOT NULL;

-- Who may decide what, most urgent first; rows go when the request is settled. No due time is the largest.
CREATE TABLE waiting (
    person  TEXT    NOT NULL,
    due     INTEGER NOT NULL,
    request INTEGER NOT NULL REFERENCES requests (seq),
    PRIMARY KEY (person, due, request)
) STRICT, WITHOUT ROWID;

-- The truth. `position` orders all events; `blob` is what was hashed, byte for byte.
CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    request  INTEGER NOT NULL REFERENCES requests (seq),
    number   INTEGER NOT NULL CHECK (number >= 1),
    blob     BLOB    NOT NULL,
    hash     BLOB    NOT NULL CHECK (length(hash) = 32),
    UNIQUE (request, number)
) STRICT;

CREATE TRIGGER events_are_never_updated BEFORE UPDATE ON events
BEGIN SELECT RAISE (ABORT, 'events are never updated'); END;

CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE (ABORT, 'events are never deleted'); END;

-- Payloads, comments, summaries, bodies. An erased content keeps its id and loses salt and bytes together.
CREATE TABLE contents (
    place   INTEGER PRIMARY KEY,
    request INTEGER NOT NULL REFERENCES requests (seq),
    id      BLOB    NOT NULL CHECK (length(id) = 32),
    salt    BLOB    CHECK (length(salt) = 16),
    bytes   BLOB,
    CHECK ((salt IS NULL) = (bytes IS NULL))
) STRICT;

CREATE INDEX contents_request ON contents (request);

-- Work owed to the outside. `due_at` is also the end of a lease: one index finds both.
CREATE TABLE outbox (
    place     INTEGER PRIMARY KEY,
    id        BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    request   INTEGER NOT NULL REFERENCES requests (seq),
    lane      TEXT    NOT NULL,
    waits     INTEGER NOT NULL CHECK (waits IN (0, 1)),
    due_at    INTEGER NOT NULL,
    first_due INTEGER NOT NULL,
    token     INTEGER NOT NULL DEFAULT 0 CHECK (token >= 0),
    leased    INTEGER NOT NULL DEFAULT 0 CHECK (leased IN (0, 1)),
    attempts  INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    effect    BLOB    NOT NULL,
    CHECK (leased = 0 OR (token > 0 AND waits = 0))
) STRICT;

CREATE INDEX outbox_lane  ON outbox (lane, due_at);
CREATE INDEX outbox_waits ON outbox (request) WHERE waits = 1;

CREATE TABLE idempotency (
    scope   BLOB    NOT NULL CHECK (length(scope) = 16),
    key     TEXT    NOT NULL,
    body    BLOB    NOT NULL CHECK (length(body) = 32),
    request INTEGER NOT NULL REFERENCES requests (seq),
    PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;

-- Attempts that a rule refused. Bounded: the oldest give way.
CREATE TABLE refused (
    place     INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL,
    request   BLOB    CHECK (length(request) = 16),
    actor     TEXT    NOT NULL,
    attempted TEXT    NOT NULL,
    code      TEXT    NOT NULL
) STRICT;

-- Every version of every document. Null bytes say that it was removed.
CREATE TABLE records (
    place   INTEGER PRIMARY KEY,
    kind    TEXT    NOT NULL,
    key     TEXT    NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    at      INTEGER NOT NULL,
    bytes   BLOB,
    hash    BLOB    NOT NULL CHECK (length(hash) = 32),
    UNIQUE (kind, key, version)
) STRICT;

CREATE TRIGGER records_are_never_updated BEFORE UPDATE ON records
BEGIN SELECT RAISE (ABORT, 'versions of records are never updated'); END;

CREATE TRIGGER records_are_never_deleted BEFORE DELETE ON records
BEGIN SELECT RAISE (ABORT, 'versions of records are never deleted'); END;

-- Where the current version of a record is; no row for one that was removed.
CREATE TABLE current (
    kind  TEXT    NOT NULL,
    key   TEXT    NOT NULL,
    place INTEGER NOT NULL REFERENCES records (place),
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

-- Requests by status (0 to 7) and with dead letters (8), kept in step by the writer: counting would read all.
CREATE TABLE tallies (
    what INTEGER PRIMARY KEY CHECK (what BETWEEN 0 AND 8),
    n    INTEGER NOT NULL CHECK (n >= 0)
) STRICT;

INSERT INTO tallies (what, n) VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0);

-- The latest time of a commit: the store's clock never starts before it.
CREATE TABLE clock (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    mark INTEGER NOT NULL
) STRICT;

INSERT INTO clock (one, mark) VALUES (1, 0);
