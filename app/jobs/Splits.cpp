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

db::Split splitOf(const QString& sha256)
{
    bool ok = false;
    const double place = double(sha256.left(8).toUInt(&ok, 16)) / 4294967296.0;
    return place < 0.65 ? db::Split::Train : place < 0.75 ? db::Split::Validation : db::Split::Test;
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
    db::Transaction transaction(database.connection());
    for (qsizetype i = 0; i < images.size(); ++i) {
        const db::Split split = splitOf(images[groups[i]].sha256);
        if (split != images[i].split) {
            repository.setSplit(images[i].id, split);
        }
    }
    transaction.commit();
}

} // namespace tagalign::app
