-- The project file as first released. Statements end with ";;" on a line of their own, since
-- trigger bodies hold semicolons.

CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
)
;;
CREATE TABLE image (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL,                 -- relative to the project folder where possible
    sha256 TEXT NOT NULL UNIQUE,        -- of the file, hex
    phash BIGINT NOT NULL,              -- 64-bit perceptual hash
    width INTEGER NOT NULL CHECK (width > 0),
    height INTEGER NOT NULL CHECK (height > 0),
    split TEXT NOT NULL CHECK (split IN ('train', 'validation', 'test'))
)
;;
CREATE INDEX image_by_path ON image (path)
;;
CREATE TABLE caption (
    id INTEGER PRIMARY KEY,
    image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    language TEXT NOT NULL DEFAULT 'en',
    UNIQUE (image_id, text)
)
;;
CREATE TABLE parse (
    id INTEGER PRIMARY KEY,
    caption_id INTEGER NOT NULL REFERENCES caption (id) ON DELETE CASCADE,
    parser TEXT NOT NULL,
    parser_version TEXT NOT NULL,
    prompt_version TEXT NOT NULL DEFAULT '',
    request TEXT NOT NULL DEFAULT '',
    answer TEXT NOT NULL DEFAULT '',
    milliseconds DOUBLE PRECISION NOT NULL,
    UNIQUE (caption_id, parser, parser_version, prompt_version)
)
;;
CREATE TABLE tag (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('object', 'attribute')),
    lemma TEXT NOT NULL,
    display TEXT NOT NULL,
    parent_id INTEGER REFERENCES tag (id),
    priority DOUBLE PRECISION NOT NULL DEFAULT 1 CHECK (priority > 0),
    enabled INTEGER NOT NULL DEFAULT 1,
    UNIQUE (kind, lemma)
)
;;
CREATE TABLE candidate (
    id INTEGER PRIMARY KEY,
    image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
    tag_id INTEGER NOT NULL REFERENCES tag (id),
    parse_id INTEGER NOT NULL REFERENCES parse (id) ON DELETE CASCADE,
    span_start INTEGER NOT NULL,        -- bytes of the UTF-8 caption
    span_length INTEGER NOT NULL,
    owner_tag_id INTEGER REFERENCES tag (id), -- the object that an attribute belongs to
    confidence DOUBLE PRECISION NOT NULL CHECK (confidence > 0 AND confidence <= 1),
    -- Derived: the last verdict on this tag of this image, kept in the verdict's transaction.
    state TEXT NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'accept', 'reject', 'unsure'))
)
;;
CREATE INDEX candidate_by_image ON candidate (image_id, tag_id)
;;
CREATE INDEX candidate_by_tag ON candidate (tag_id, state)
;;
CREATE INDEX candidate_by_parse ON candidate (parse_id)
;;
CREATE TABLE verdict (
    id INTEGER PRIMARY KEY,
    candidate_id INTEGER NOT NULL REFERENCES candidate (id),
    verdict TEXT NOT NULL CHECK (verdict IN ('pending', 'accept', 'reject', 'unsure')),
    previous TEXT NOT NULL,             -- the state before: what an undo goes back to
    undoes INTEGER REFERENCES verdict (id),
    who TEXT NOT NULL,
    at TEXT NOT NULL,                   -- UTC, ISO 8601 with milliseconds
    duration_ms INTEGER NOT NULL,       -- how long the person looked
    mode TEXT NOT NULL CHECK (mode IN ('single', 'bulk')),
    batch INTEGER NOT NULL              -- one undo step: rows with the same number
)
;;
CREATE INDEX verdict_by_candidate ON verdict (candidate_id)
;;
CREATE INDEX verdict_by_batch ON verdict (batch)
;;
CREATE INDEX verdict_by_undone ON verdict (undoes)
;;
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    folder TEXT NOT NULL,               -- below the project's runs folder
    status TEXT NOT NULL CHECK (status IN ('running', 'done', 'cancelled', 'failed')),
    settings TEXT NOT NULL,             -- JSON
    snapshot TEXT NOT NULL,             -- JSON: counts and the last verdict it was trained on
    started_at TEXT NOT NULL,
    finished_at TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT ''
)
;;
CREATE TABLE metric (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,                 -- objects, attributes, both, captions
    tag_id INTEGER REFERENCES tag (id), -- per-tag figures only
    before_value DOUBLE PRECISION NOT NULL,
    after_value DOUBLE PRECISION NOT NULL,
    low DOUBLE PRECISION NOT NULL,      -- 95 % interval of the difference
    high DOUBLE PRECISION NOT NULL,
    count INTEGER NOT NULL              -- images, or positives for a tag
)
;;
CREATE INDEX metric_by_run ON metric (run_id)
;;
CREATE TABLE query (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE,
    used_at TEXT NOT NULL
)
;;
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL                  -- sha256 over the row and previous_hash
)
;;
CREATE TRIGGER verdict_is_never_changed BEFORE UPDATE ON verdict
BEGIN SELECT RAISE(ABORT, 'verdicts are append-only'); END
;;
CREATE TRIGGER verdict_is_never_deleted BEFORE DELETE ON verdict
BEGIN SELECT RAISE(ABORT, 'verdicts are append-only'); END
;;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
;;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
;;
