#pragma once

#include "db/Error.h"
#include "db/Statement.h"
#include "db/VocabularyRules.h"

#include <optional>

namespace tagalign::db {

/// A change of the vocabulary that cannot be made; nothing was written for it, and the step it was
/// asked of goes on.
class Refusal : public Error
{
public:
    using Error::Error;
};

/// Whether a tag is in use: as frequent as the project's minimum asks, or as a person says.
enum class TagUse { Automatic, On, Off };

constexpr double kGreatestPriority = 1000.0; ///< weight of a tag in training, 1 being usual

/// What changes on one tag; what has no value stays.
struct TagEdit
{
    TagId tag{};
    std::optional<QString> display;
    std::optional<QString> tagClass; ///< of attributes: "colour", .. (migration 0008)
    std::optional<double> priority;  ///< in (0, kGreatestPriority]
    std::optional<TagUse> use;
    std::optional<QString> english; ///< empty: it has no equivalent
};

/// One change of the vocabulary by a person: one transaction, one undo step. What is merged, split
/// or rolled up holds for tags read later too. Verdicts are never touched: the state of an
/// image-tag pair becomes what the last verdict on it says. Rolled back unless committed.
class VocabularyStep
{
public:
    /// @param action a word for the journal: "merge", .. @throws Error
    VocabularyStep(const QSqlDatabase& connection, QString who, const QString& action);

    /// Candidates of `tag` become those of `kept`, which takes over its name in captions.
    /// @throws Refusal if they are the same, of different kinds or not there; Error
    void merge(TagId tag, TagId kept);

    /// Images with `tag` count as images with `parent` too; the tag stays.
    /// @throws Refusal as merge(), if it has a parent, or the parent follows from it; Error
    void rollUp(TagId tag, TagId parent);

    /// A part of the tag's candidates goes to the tag of this name, which may be there.
    /// @throws Refusal if none or all would, or text or name is empty; Error
    TagId split(TagId tag, SplitBy by, const QString& text, const QString& name);

    /// Another name for prompts and people; captions are read as before.
    /// @throws Refusal if it is empty or another tag's; Error
    void rename(TagId tag, const QString& name);

    /// @throws Refusal naming the value that is out of range; Error
    void edit(const TagEdit& edit);

    /// A project-wide value (Database::setting); a null text takes it away. @throws Error
    void setSetting(const QString& key, const QString& value);

    /// The tag of this name, which is made where there is none. @throws Refusal if the name is
    /// empty or was merged away; Error
    TagId tagNamed(TagKind kind, const QString& name);

    /// Stores the step under the sentence; false, and nothing, if it changed nothing. @throws Error
    bool commit(const QString& sentence);

private:
    struct Known
    {
        TagKind kind = TagKind::Object;
        QString lemma;
        QString display;
        std::optional<qint64> parent;
        bool enabled = true;
        QString english;
    };

    [[nodiscard]] Known known(TagId tag) const;
    [[nodiscard]] QList<qint64> ancestors(TagId tag) const;
    [[nodiscard]] std::optional<TagId> find(TagKind kind, const QString& lemma) const;
    [[nodiscard]] int candidatesOf(TagId tag) const;
    void requireVisible(TagId tag, const QString& name) const;
    void changeTag(TagId tag, const QString& column, const QVariant& value);
    void inheritParents(TagId tag, const Known& gone, TagId kept);
    TagId insertTag(TagKind kind, const QString& lemma, const QString& display, bool enabled);

    QSqlDatabase m_connection;
    Transaction m_transaction;
    QString m_who;
    VocabularyJournal m_journal;
};

} // namespace tagalign::db
