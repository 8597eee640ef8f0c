#pragma once

#include "db/Database.h"
#include "db/VocabularyRepository.h"
#include "model/tags/PromptTemplates.h"

#include <QString>
#include <QStringList>

namespace tagalign::app {

// Each change of the vocabulary is one undo step, after which tags are in use as their frequency
// and people ask (enableFrequentTags()). All return one sentence about what was done and throw
// db::Refusal or model::Error, and change nothing, where it cannot be.

/// @param name what the kept tag is called then; empty: as it is.
QString mergeTags(const db::Database& database, const QList<db::TagId>& tags, db::TagId kept,
                  const QString& name = {});

/// @param parent a tag's name, which is made where there is none.
QString rollUpTags(const db::Database& database, const QList<db::TagId>& tags,
                   const QString& parent);

struct Split
{
    db::TagId tag{};
    db::SplitBy by = db::SplitBy::Words;
    QString text;
    QString name; ///< of the new tag
};

QString splitTag(const db::Database& database, const Split& split);
QString renameTag(const db::Database& database, db::TagId tag, const QString& name);
QString editTags(const db::Database& database, const QList<db::TagEdit>& edits);
QString dropEmptyTags(const db::Database& database);
QString changeMinimum(const db::Database& database, int images);
QString changeTemplates(const db::Database& database,
                        const model::tags::PromptTemplates& templates);

/// Takes the newest step back. @throws model::Error if there is none.
QString undoVocabulary(const db::Database& database);

// What the same would change, in numbers. Nothing is written. @throws std::exception

[[nodiscard]] QString previewMerge(const db::Database& database, const QList<db::TagId>& tags);
[[nodiscard]] QString previewRollUp(const db::Database& database, const QList<db::TagId>& tags,
                                    const QString& parent);
[[nodiscard]] QString previewSplit(const db::Database& database, const Split& split);
[[nodiscard]] QString previewDropEmpty(const db::Database& database);
[[nodiscard]] QString previewMinimum(const db::Database& database, int images);

/// What WordNet offers for the project's tags.
struct VocabularySuggestion
{
    enum class Kind { Merge, RollUp };

    Kind kind = Kind::Merge;
    QList<db::TagId> tags; ///< to merge, the first one is kept; or to roll up
    QString parent;        ///< of a roll-up
    QString sentence;      ///< "cab, taxi: same meaning, 14 images"
    QString meaning;       ///< WordNet's definition
};

/// Merges first, those of most images first. @throws model::Error without WordNet
[[nodiscard]] QList<VocabularySuggestion> vocabularySuggestions(const db::Database& database);

/// What one tag could be rolled up to, nearest first; none if WordNet does not know it.
[[nodiscard]] QStringList hypernymsOf(const db::Tag& tag);

/// A tag by its lemma or display name. @throws model::Error if there is none, or one of each kind
[[nodiscard]] db::Tag tagNamed(const db::Database& database, const QString& name);

} // namespace tagalign::app
