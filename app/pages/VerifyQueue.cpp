#include "app/pages/VerifyQueue.h"

#include "db/ImageRepository.h"

#include <QHash>

#include <algorithm>

namespace tagalign::app {

QList<db::Image> imagesIn(db::Order order, const db::Database& database)
{
    QList<db::Image> images = db::ImageRepository(database.connection()).images();
    if (order == db::Order::AsImported) {
        return images;
    }
    QHash<db::ImageId, qsizetype> places;
    for (const db::ImageId id : db::TagRepository(database.connection()).pendingByDoubt()) {
        places.insert(id, places.size());
    }
    std::stable_sort(images.begin(), images.end(), [&places](const auto& a, const auto& b) {
        return places.value(a.id, places.size()) < places.value(b.id, places.size());
    });
    return images;
}

std::optional<db::ImageId> nextPending(db::Order order, const db::Database& database,
                                       db::ImageId after, const QSet<db::ImageId>& shown)
{
    const db::TagRepository tags(database.connection());
    if (order == db::Order::AsImported) {
        return tags.nextPending(after);
    }
    const QList<db::ImageId> open = tags.pendingByDoubt();
    if (open.isEmpty()) {
        return std::nullopt;
    }
    const auto fresh = std::find_if(open.begin(), open.end(),
                                    [&shown](db::ImageId id) { return !shown.contains(id); });
    if (fresh != open.end()) {
        return *fresh;
    }
    return open.first() == after && open.size() > 1 ? open.at(1) : open.first();
}

} // namespace tagalign::app
