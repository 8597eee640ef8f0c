-- What captions say is not there ("no cars"): worth keeping, but no tag.

CREATE TABLE absence (
    id INTEGER PRIMARY KEY,
    image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
    parse_id INTEGER NOT NULL REFERENCES parse (id) ON DELETE CASCADE,
    lemma TEXT NOT NULL,                -- as an object's, with its own attributes: "red car"
    display TEXT NOT NULL,
    span_start INTEGER NOT NULL,        -- bytes of the UTF-8 caption
    span_length INTEGER NOT NULL
)
;;
CREATE INDEX absence_by_image ON absence (image_id)
;;
CREATE INDEX absence_by_parse ON absence (parse_id)
;;
