#include "db/ImageRepository.h"

#include "db/Statement.h"

namespace tagalign::db {

namespace {

const QString kImageColumns =
    QStringLiteral("id, path, sha256, phash, width, height, split, given_split");

Split splitOf(const QString& name)
{
    return name == QLatin1String("test")         ? Split::Test
           : name == QLatin1String("validation") ? Split::Validation
                                                 : Split::Train;
}

Image imageOf(const QSqlQuery& row)
{
    return {ImageId{row.value(0).toLongLong()},
            row.value(1).toString(),
            row.value(2).toString(),
            quint64(row.value(3).toLongLong()),
            row.value(4).toInt(),
            row.value(5).toInt(),
            splitOf(row.value(6).toString()),
            row.value(7).isNull() ? std::nullopt : std::optional(splitOf(row.value(7).toString()))};
}

Caption captionOf(const QSqlQuery& row)
{
    return {CaptionId{row.value(0).toLongLong()}, ImageId{row.value(1).toLongLong()},
            row.value(2).toString(), row.value(3).toString()};
}

} // namespace

QString splitName(Split split)
{
    switch (split) {
    case Split::Train:
        return QStringLiteral("train");
    case Split::Validation:
        return QStringLiteral("validation");
    case Split::Test:
        return QStringLiteral("test");
    }
    Q_UNREACHABLE();
}

QList<Image> ImageRepository::images() const
{
    QSqlQuery rows = execute(m_connection,
                             QStringLiteral("SELECT %1 FROM image ORDER BY id").arg(kImageColumns));
    QList<Image> images;
    while (rows.next()) {
        images.append(imageOf(rows));
    }
    return images;
}

std::optional<Image> ImageRepository::image(ImageId id) const
{
    QSqlQuery row = execute(m_connection,
                            QStringLiteral("SELECT %1 FROM image WHERE id = ?").arg(kImageColumns),
                            {qint64(id)});
    return row.next() ? std::optional(imageOf(row)) : std::nullopt;
}

std::optional<Image> ImageRepository::findByHash(const QString& sha256) const
{
    QSqlQuery row = execute(
        m_connection, QStringLiteral("SELECT %1 FROM image WHERE sha256 = ?").arg(kImageColumns),
        {sha256});
    return row.next() ? std::optional(imageOf(row)) : std::nullopt;
}

ImageId ImageRepository::add(const Image& image)
{
    const QSqlQuery row =
        execute(m_connection,
                QStringLiteral("INSERT INTO image (path, sha256, phash, width, height, split, "
                               "given_split) VALUES (?, ?, ?, ?, ?, ?, ?)"),
                {image.path, image.sha256, qint64(image.perceptualHash), image.width, image.height,
                 splitName(image.split),
                 image.givenSplit ? QVariant(splitName(*image.givenSplit)) : QVariant()});
    return ImageId{insertedId(row)};
}

std::optional<Image> ImageRepository::findByPath(const QString& path) const
{
    QSqlQuery row =
        execute(m_connection,
                QStringLiteral("SELECT %1 FROM image WHERE path = ?").arg(kImageColumns), {path});
    return row.next() ? std::optional(imageOf(row)) : std::nullopt;
}

void ImageRepository::setContent(ImageId id, const Image& image)
{
    execute(m_connection,
            QStringLiteral("UPDATE image SET sha256 = ?, phash = ?, width = ?, height = ? "
                           "WHERE id = ?"),
            {image.sha256, qint64(image.perceptualHash), image.width, image.height, qint64(id)});
}

void ImageRepository::setPath(ImageId id, const QString& path)
{
    execute(m_connection, QStringLiteral("UPDATE image SET path = ? WHERE id = ?"),
            {path, qint64(id)});
}

void ImageRepository::setSplit(ImageId id, Split split)
{
    execute(m_connection, QStringLiteral("UPDATE image SET split = ? WHERE id = ?"),
            {splitName(split), qint64(id)});
}

void ImageRepository::setGivenSplit(ImageId id, Split split)
{
    execute(m_connection, QStringLiteral("UPDATE image SET given_split = ? WHERE id = ?"),
            {splitName(split), qint64(id)});
}

bool ImageRepository::addCaption(ImageId image, const QString& text, const QString& language)
{
    const QSqlQuery row =
        execute(m_connection,
                QStringLiteral("INSERT INTO caption (image_id, text, language) VALUES (?, ?, ?) "
                               "ON CONFLICT (image_id, text) DO NOTHING"),
                {qint64(image), text, language});
    return row.numRowsAffected() > 0;
}

QList<Caption> ImageRepository::captionsOf(ImageId image) const
{
    QSqlQuery rows = execute(m_connection,
                             QStringLiteral("SELECT id, image_id, text, language FROM caption "
                                            "WHERE image_id = ? ORDER BY id"),
                             {qint64(image)});
    QList<Caption> captions;
    while (rows.next()) {
        captions.append(captionOf(rows));
    }
    return captions;
}

QHash<ImageId, QList<Caption>> ImageRepository::captionsByImage() const
{
    QSqlQuery rows = execute(
        m_connection,
        QStringLiteral("SELECT id, image_id, text, language FROM caption ORDER BY image_id, id"));
    QHash<ImageId, QList<Caption>> captions;
    while (rows.next()) {
        const Caption caption = captionOf(rows);
        captions[caption.image].append(caption);
    }
    return captions;
}

Counts ImageRepository::counts() const
{
    QSqlQuery row = execute(
        m_connection,
        QStringLiteral(
            "SELECT (SELECT COUNT(*) FROM image), (SELECT COUNT(*) FROM caption), "
            "(SELECT COUNT(*) FROM tag WHERE enabled = 1), COUNT(*), "
            "COALESCE(SUM(CASE WHEN state = 'accept' THEN 1 ELSE 0 END), 0), "
            "COALESCE(SUM(CASE WHEN state = 'reject' THEN 1 ELSE 0 END), 0), "
            "COALESCE(SUM(CASE WHEN state = 'unsure' THEN 1 ELSE 0 END), 0) "
            "FROM (SELECT c.image_id, c.tag_id, MIN(c.state) AS state FROM candidate c "
            "JOIN tag t ON t.id = c.tag_id WHERE t.enabled = 1 GROUP BY c.image_id, c.tag_id) g"));
    row.next();
    return {row.value(0).toInt(), row.value(1).toInt(), row.value(2).toInt(), row.value(3).toInt(),
            row.value(4).toInt(), row.value(5).toInt(), row.value(6).toInt()};
}

} // namespace tagalign::db
