-- The vocabulary as people make it: classes of attributes, what is switched on or off by hand,
-- tags merged, split and rolled up; and a journal by which each step can be taken back.
-- Only attributes have a class.

ALTER TABLE tag ADD COLUMN class TEXT
    CHECK (class IN ('colour', 'material', 'pattern', 'size', 'shape', 'state', 'position',
                     'other'))
;;
ALTER TABLE tag ADD COLUMN class_source TEXT
    CHECK (class_source IN ('guessed', 'edited'))
;;
-- By a person; NULL: enabled follows the frequency.
ALTER TABLE tag ADD COLUMN switched TEXT
    CHECK (switched IN ('on', 'off'))
;;
-- Of a tag that another one was rolled up to: the candidate that it follows from.
ALTER TABLE candidate ADD COLUMN origin_id INTEGER REFERENCES candidate (id) ON DELETE CASCADE
;;
CREATE INDEX candidate_by_origin ON candidate (origin_id)
;;
CREATE TABLE vocabulary_step (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    sentence TEXT NOT NULL,                 -- for people
    undone_at TEXT NOT NULL DEFAULT ''
)
;;
-- What a step did, in order; also to candidates that were read after it. Taking it back goes
-- through it from the end.
CREATE TABLE vocabulary_change (
    id INTEGER PRIMARY KEY,
    step_id INTEGER NOT NULL REFERENCES vocabulary_step (id),
    place TEXT NOT NULL CHECK (place IN ('tag', 'candidate', 'setting')),
    row_id INTEGER NOT NULL,                -- 0 for settings
    name TEXT NOT NULL,                     -- column or setting; empty: the row was added
    previous TEXT
)
;;
CREATE INDEX vocabulary_change_by_step ON vocabulary_change (step_id)
;;
CREATE INDEX vocabulary_change_by_row ON vocabulary_change (row_id, place)
;;
-- Numbers of removed candidates may be given again.
CREATE TRIGGER vocabulary_forgets_candidate AFTER DELETE ON candidate
BEGIN DELETE FROM vocabulary_change WHERE row_id = OLD.id AND place = 'candidate'; END
;;
-- What holds for tags that are read later. Applied in order.
CREATE TABLE vocabulary_rule (
    id INTEGER PRIMARY KEY,
    step_id INTEGER NOT NULL REFERENCES vocabulary_step (id),
    action TEXT NOT NULL CHECK (action IN ('merge', 'rename', 'split', 'roll_up')),
    tag_id INTEGER NOT NULL REFERENCES tag (id),
    target_id INTEGER NOT NULL REFERENCES tag (id),
    split_by TEXT NOT NULL DEFAULT '' CHECK (split_by IN ('', 'words', 'caption')),
    split_text TEXT NOT NULL DEFAULT ''
)
;;
CREATE INDEX vocabulary_rule_by_tag ON vocabulary_rule (tag_id, action)
;;
