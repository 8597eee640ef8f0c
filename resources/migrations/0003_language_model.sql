-- Tags that a language model read out of captions: what it was asked, what it answered, and which
-- tags are not in the caption's own words.

ALTER TABLE candidate ADD COLUMN inferred INTEGER NOT NULL DEFAULT 0 CHECK (inferred IN (0, 1))
;;
CREATE TABLE prompt (
    version TEXT PRIMARY KEY,           -- as in parse.prompt_version
    text TEXT NOT NULL
)
;;
-- Answers that were paid for, kept apart from the parses, which may be taken back.
CREATE TABLE model_answer (
    caption_hash TEXT NOT NULL,         -- sha256 of the caption's UTF-8, hex
    model TEXT NOT NULL,
    prompt_version TEXT NOT NULL REFERENCES prompt (version),
    request TEXT NOT NULL,              -- as in parse.request
    answer TEXT NOT NULL,               -- what the model wrote about this caption
    input_tokens DOUBLE PRECISION NOT NULL, -- its share of the request's
    output_tokens DOUBLE PRECISION NOT NULL,
    milliseconds DOUBLE PRECISION NOT NULL, -- its share of the request's
    PRIMARY KEY (caption_hash, model, prompt_version)
)
;;
