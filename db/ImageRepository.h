#pragma once

#include "db/Rows.h"

#include <QHash>
#include <QList>
#include <QSqlDatabase>

#include <optional>

namespace tagalign::db {

/// Images and their captions. Lives on the thread of its connection.
class ImageRepository
{
public:
    explicit ImageRepository(const QSqlDatabase& connection)
        : m_connection(connection)
    {
    }

    /// All images by id. @throws Error
    [[nodiscard]] QList<Image> images() const;
    [[nodiscard]] std::optional<Image> image(ImageId id) const;
    [[nodiscard]] std::optional<Image> findByHash(const QString& sha256) const;

    /// Inserts one image; its sha256 must be new. `id` is ignored. @throws Error
    ImageId add(const Image& image);
    [[nodiscard]] std::optional<Image> findByPath(const QString& path) const;

    /// Takes hashes and size from `image`: the file behind the path has changed. @throws Error
    void setContent(ImageId id, const Image& image);
    void setPath(ImageId id, const QString& path);
    void setSplit(ImageId id, Split split);
    void setGivenSplit(ImageId id, Split split); ///< what the data set says now

    /// Adds a caption unless the image has the same text already; true if it was new.
    bool addCaption(ImageId image, const QString& text, const QString& language);
    [[nodiscard]] QList<Caption> captionsOf(ImageId image) const;
    [[nodiscard]] QHash<ImageId, QList<Caption>> captionsByImage() const;

    [[nodiscard]] Counts counts() const;

private:
    QSqlDatabase m_connection;
};

[[nodiscard]] QString splitName(Split split);

} // namespace tagalign::db
