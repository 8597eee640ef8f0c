-- Data sets may say which images are for testing.

ALTER TABLE image ADD COLUMN given_split TEXT
    CHECK (given_split IN ('train', 'validation', 'test'))
;;
