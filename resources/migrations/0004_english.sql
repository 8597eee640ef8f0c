-- Tags in other languages carry an English equivalent for models that read English only.

ALTER TABLE tag ADD COLUMN english TEXT
;;
ALTER TABLE tag ADD COLUMN english_source TEXT
    CHECK (english_source IN ('translated', 'edited'))
;;
