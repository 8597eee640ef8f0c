#pragma once

#include "db/Database.h"
#include "db/Rows.h"
#include "model/tags/Dictionary.h"

#include <QString>

#include <filesystem>

namespace tagalign::app {

struct TranslateSummary
{
    int translated = 0;
    int unknown = 0; ///< words that the dictionary has nothing short for
    QString problem; ///< why nothing was translated, with the remedy; empty if all went well

    [[nodiscard]] QString sentence() const;
};

/// Whether a tag is in a script that English models cannot read.
[[nodiscard]] bool needsEnglish(const db::Tag& tag);

/// Gives Japanese tags without an English equivalent one out of EDICT. Without the dictionary they
/// stay untranslated, and the summary says so. @param dictionary EDICT's file. @throws db::Error
TranslateSummary
translateTags(const db::Database& database,
              const std::filesystem::path& dictionary = model::tags::Dictionary::kFile);

/// Stores what a person says a tag is in English; an empty text: it has no equivalent.
/// @param tag lemma or display. @throws model::Error if the project has no such tag.
void editEnglish(const db::Database& database, const QString& tag, const QString& english);

/// "English, translated by dictionary: apple", or edited; empty without an equivalent.
[[nodiscard]] QString englishNote(const db::Candidate& candidate);

/// What a model is asked for where the tag is looked for in its image: with its object, in English
/// as far as it is known.
[[nodiscard]] QString promptOf(const db::Candidate& candidate);

} // namespace tagalign::app
