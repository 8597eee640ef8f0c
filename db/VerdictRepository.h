#pragma once

#include "db/Rows.h"

#include <QHash>
#include <QList>
#include <QSqlDatabase>

#include <optional>

namespace tagalign::db {

/// What a person decided about candidates. Append-only: an undo writes the inverse.
/// Lives on the thread of its connection.
class VerdictRepository
{
public:
    explicit VerdictRepository(const QSqlDatabase& connection)
        : m_connection(connection)
    {
    }

    struct Decision
    {
        CandidateId candidate{};
        State state = State::Accepted; ///< any but Pending
        int durationMs = 0;            ///< how long the person looked
        std::optional<ImageTag> place; ///< what the candidate was on screen: it must be that still
    };

    /// Stores the decisions as one transaction and one undo step; several are a bulk verdict.
    /// The state holds for the tag on the image: for all candidates of that pair.
    /// @throws Error and stores none of them, e.g. if a candidate does not exist.
    void decide(const QList<Decision>& decisions, const QString& who);

    /// Takes back this person's last step that is not undone yet; the candidates it changed, with
    /// their state as it is now. Empty if there is nothing to undo. @throws Error
    QList<Decision> undo(const QString& who);

    /// By whom each tag of the image was judged last. @throws Error
    [[nodiscard]] QHash<TagId, QString> judgesOf(ImageId image) const;

    /// How many image-tag pairs this one was the last to judge. @throws Error
    [[nodiscard]] int judgedBy(const QString& who) const;

    /// The newest verdict's number: what a run was trained on. 0 if there is none.
    [[nodiscard]] qint64 lastId() const;

private:
    QSqlDatabase m_connection;
};

} // namespace tagalign::db
