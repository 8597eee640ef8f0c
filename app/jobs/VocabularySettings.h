#pragma once

#include "db/Database.h"
#include "db/VocabularyStep.h"
#include "model/tags/PromptTemplates.h"

#include <QStringList>

namespace tagalign::app {

/// The project's prompt templates by class of tags. @throws std::exception
[[nodiscard]] model::tags::PromptTemplates promptTemplatesOf(const db::Database& database);

/// Makes them the project's, as part of the step. @throws db::Error
void setPromptTemplates(db::VocabularyStep& step, const model::tags::PromptTemplates& templates);

/// On how many images a tag must be to be in use: what a person says; else 3, and 1 below 50
/// images. @throws db::Error
[[nodiscard]] int minimumImages(const db::Database& database);

constexpr int kGreatestMinimum = 1'000'000;

/// @throws model::Error if it is not in [1, kGreatestMinimum]; db::Error
void setMinimumImages(db::VocabularyStep& step, int images);

/// Words that name no thing in a picture ("view"), lower case; shipped with the program.
[[nodiscard]] const QStringList& emptyWords();

/// Classes of common attributes, shipped with the program.
[[nodiscard]] std::map<std::string, model::tags::AttributeClass, std::less<>> attributeClasses();

/// Gives attributes without a class one: by list and WordNet, of Japanese ones by their English.
/// Returns how many; none without WordNet. @throws db::Error
int guessClasses(const db::Database& database);

} // namespace tagalign::app
