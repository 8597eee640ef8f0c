-- What one parser, in one version and with one prompt, has read is a run: it can be listed,
-- compared, taken back and gone on with.

CREATE TABLE parser_run (
    id INTEGER PRIMARY KEY,
    parser TEXT NOT NULL,
    parser_version TEXT NOT NULL,
    prompt_version TEXT NOT NULL DEFAULT '',
    started_at TEXT NOT NULL,           -- of its first reading; empty: before runs were kept
    finished_at TEXT NOT NULL DEFAULT '', -- of its last reading; empty: under way, or stopped
    reverted_at TEXT NOT NULL DEFAULT '', -- empty: it was not taken back
    UNIQUE (parser, parser_version, prompt_version)
)
;;
INSERT INTO parser_run (parser, parser_version, prompt_version, started_at)
    SELECT parser, parser_version, prompt_version, '' FROM parse
    GROUP BY parser, parser_version, prompt_version ORDER BY MIN(id)
;;
ALTER TABLE parse ADD COLUMN run_id INTEGER REFERENCES parser_run (id)
;;
UPDATE parse SET run_id = (
    SELECT r.id FROM parser_run r WHERE r.parser = parse.parser
    AND r.parser_version = parse.parser_version AND r.prompt_version = parse.prompt_version)
;;
CREATE INDEX parse_by_run ON parse (run_id, caption_id)
;;
-- 1: taken back but for what a person has judged; the caption is to be read anew.
ALTER TABLE parse ADD COLUMN stale INTEGER NOT NULL DEFAULT 0 CHECK (stale IN (0, 1))
;;
