#pragma once

#include "db/VocabularyStep.h"

#include <QHash>
#include <QStringList>

namespace tagalign::db {

/// A tag as the vocabulary lists it.
struct VocabularyTag
{
    Tag tag;
    TagUse use = TagUse::Automatic;
    bool isClassEdited = false; ///< by a person; else it was guessed
    std::optional<TagId> parent;
    QString parentName; ///< display; empty without one
    QStringList merged; ///< lemmas that were merged into it, in order
};

/// A step as the journal lists it.
struct VocabularyRecord
{
    qint64 id = 0;
    QString at; ///< UTC, ISO 8601
    QString who;
    QString action;
    QString sentence;
    bool isUndone = false;
};

/// What becomes of images when tags become one.
struct MergeCount
{
    int images = 0;      ///< that carry any of them
    int disagreeing = 0; ///< whose last verdicts on them differ
};

/// The project's tags as people see and change them; changes are made by VocabularyStep. Lives on
/// the thread of its connection.
class VocabularyRepository
{
public:
    explicit VocabularyRepository(const QSqlDatabase& connection)
        : m_connection(connection)
    {
    }

    /// All but those merged away, as TagRepository::tags(). @throws Error
    [[nodiscard]] QList<VocabularyTag> tags() const;

    /// Steps, newest first. @throws Error
    [[nodiscard]] QList<VocabularyRecord> steps() const;

    /// Takes the newest step back that was not yet; nothing if there is none. What people judged
    /// stays, on the tags that they judged. @throws Error
    std::optional<VocabularyRecord> undo(const QString& who);

    /// Stores guessed classes of attributes that have none by a person. @throws Error
    void setGuessedClasses(const QHash<TagId, QString>& classes);

    [[nodiscard]] MergeCount countMerge(const QList<TagId>& tags) const; ///< @throws Error

    /// In which words the tag was read and on how many images each, most first. @throws Error
    [[nodiscard]] QList<std::pair<QString, int>> wordsOf(TagId tag) const;

    /// The images of each tag. @throws Error
    [[nodiscard]] QHash<TagId, QSet<ImageId>> imagesByTag() const;

private:
    QSqlDatabase m_connection;
};

} // namespace tagalign::db
