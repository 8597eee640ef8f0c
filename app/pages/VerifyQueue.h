#pragma once

#include "db/Database.h"
#include "db/Rows.h"
#include "db/TagRepository.h"

#include <QList>
#include <QSet>

#include <optional>

namespace tagalign::app {

/// Every image, as the Verify page goes through them; in the order of doubt those with an open tag
/// first. @throws db::Error
[[nodiscard]] QList<db::Image> imagesIn(db::Order order, const db::Database& database);

/// The image to go on with after this one; nothing if no tag is open. In the order of doubt the
/// person comes back to what was shown only when nothing else is open. @throws db::Error
[[nodiscard]] std::optional<db::ImageId> nextPending(db::Order order, const db::Database& database,
                                                     db::ImageId after,
                                                     const QSet<db::ImageId>& shown);

} // namespace tagalign::app
