-- How likely a tag is really on its image: the image check by the model, and the probability that
-- all evidence together gives.

-- Margin of a tag on an image over random tags, in their standard deviations. Of one model only:
-- those of another are recomputed.
CREATE TABLE tag_margin (
    image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
    tag_id INTEGER NOT NULL REFERENCES tag (id) ON DELETE CASCADE,
    model TEXT NOT NULL,                -- key of checkpoint, vocabulary and patch path
    text TEXT NOT NULL,                 -- what the tag was called before the model
    margin DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (image_id, tag_id)
)
;;
ALTER TABLE candidate ADD COLUMN probability DOUBLE PRECISION
    CHECK (probability >= 0 AND probability <= 1)
;;
