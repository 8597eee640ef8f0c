#include "app/jobs/Splits.h"

#include "db/ImageRepository.h"
#include "db/Statement.h"

#include <QHash>

#include <bit>
#include <numeric>

namespace tagalign::app {

namespace {

qsizetype rootOf(QList<qsizetype>& parents, qsizetype item)
{
    while (parents[item] != item) {
        parents[item] = parents[parents[item]];
        item = parents[item];
    }
    return item;
}

constexpr double kTrainEnd = 0.65;
constexpr double kValidationEnd = 0.75;

/// Chosen by the content's hash from the first `end` of [0, 1).
db::Split splitOf(const QString& sha256, double end)
{
    bool ok = false;
    const double place = end * double(sha256.left(8).toUInt(&ok, 16)) / 4294967296.0;
    return place < kTrainEnd        ? db::Split::Train
           : place < kValidationEnd ? db::Split::Validation
                                    : db::Split::Test;
}

} // namespace

QList<qsizetype> nearDuplicateGroups(const QList<db::Image>& images)
{
    QList<qsizetype> parents(images.size());
    std::iota(parents.begin(), parents.end(), qsizetype(0));
    // At most 6 differing bits leave at least two of the eight bytes equal, so comparing the
    // images that share a byte in the same place finds every pair.
    static_assert(kNearDuplicateBits < 8);
    QHash<quint32, QList<qsizetype>> byByte;
    for (qsizetype i = 0; i < images.size(); ++i) {
        const quint64 hash = images[i].perceptualHash;
        for (quint32 place = 0; place < 8; ++place) {
            QList<qsizetype>& bucket = byByte[place << 8U | quint32(hash >> (8 * place) & 0xFF)];
            for (const qsizetype other : bucket) {
                if (std::popcount(hash ^ images[other].perceptualHash) <= kNearDuplicateBits) {
                    const qsizetype a = rootOf(parents, i);
                    const qsizetype b = rootOf(parents, other);
                    parents[std::max(a, b)] = std::min(a, b);
                }
            }
            bucket.append(i);
        }
    }
    for (qsizetype i = 0; i < images.size(); ++i) {
        parents[i] = rootOf(parents, i);
    }
    return parents;
}

void assignSplits(const db::Database& database)
{
    db::ImageRepository repository(database.connection());
    const QList<db::Image> images = repository.images();
    const QList<qsizetype> groups = nearDuplicateGroups(images);
    // A near-duplicate of what is for testing is not trained on, whatever the data set says.
    QHash<qsizetype, db::Split> given;
    bool hasValidation = false;
    for (qsizetype i = 0; i < images.size(); ++i) {
        if (images[i].givenSplit) {
            db::Split& split = given[groups[i]];
            split = std::max(split, *images[i].givenSplit);
            hasValidation = hasValidation || *images[i].givenSplit == db::Split::Validation;
        }
    }
    const auto chosen = [&](qsizetype group) {
        const auto found = given.constFind(group);
        if (found == given.constEnd()) {
            return splitOf(images[group].sha256, 1.0);
        }
        return *found == db::Split::Train && !hasValidation
                   ? splitOf(images[group].sha256, kValidationEnd)
                   : *found;
    };
    db::Transaction transaction(database.connection());
    for (qsizetype i = 0; i < images.size(); ++i) {
        const db::Split split = chosen(groups[i]);
        if (split != images[i].split) {
            repository.setSplit(images[i].id, split);
        }
    }
    transaction.commit();
}

} // namespace tagalign::app
