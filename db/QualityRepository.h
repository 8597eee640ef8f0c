#pragma once

#include "db/Rows.h"

#include <QList>
#include <QSet>
#include <QSqlDatabase>

#include <optional>

namespace tagalign::db {

/// What is known of one enabled tag on one image, over all captions and parsers.
struct PairEvidence
{
    ImageId image{};
    TagId tag{};
    TagKind kind = TagKind::Object;
    QString lemma;
    QString text; ///< what the tag is called before the model: English where there is some
    double confidence = 1.0; ///< of the surest candidate
    int captions = 0;        ///< of the image that gave the tag
    int parsersFound = 0;    ///< different ones that read it out of these captions
    int parsersRead = 0;     ///< different ones that read these captions
    bool inferred = false;   ///< by all of them
    State state = State::Pending;
    std::optional<double> margin;      ///< of the image check by the model asked for
    std::optional<double> probability; ///< as stored with all candidates
};

struct TagMargin
{
    ImageId image{};
    TagId tag{};
    QString text; ///< see PairEvidence
    double margin = 0.0;
};

struct PairProbability
{
    ImageId image{};
    TagId tag{};
    double probability = 0.0; ///< [0, 1]
};

/// The image check and the probability of tags. Lives on the thread of its connection.
class QualityRepository
{
public:
    explicit QualityRepository(const QSqlDatabase& connection)
        : m_connection(connection)
    {
    }

    /// All pairs of image and enabled tag, by image and tag.
    /// @param model whose margins are wanted; those of another, or of a tag that is now called
    ///        something else, are as good as none. @throws Error
    [[nodiscard]] QList<PairEvidence> evidence(const QString& model) const;

    /// Stores margins, replacing those that are there: all rows or none. @throws Error
    void storeMargins(const QString& model, const QList<TagMargin>& margins);

    /// Forgets the margins of other models, or all. @throws Error
    void forgetMarginsBut(const QString& model);
    void forgetMargins();

    /// Stores the probability with all candidates of each pair: all rows or none. @throws Error
    void storeProbabilities(const QList<PairProbability>& probabilities);

private:
    QSqlDatabase m_connection;
};

} // namespace tagalign::db
