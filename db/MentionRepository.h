#pragma once

#include "db/Rows.h"

#include <QList>
#include <QSqlDatabase>

namespace tagalign::db {

/// An attribute that a caption gives to an object.
struct Ownership
{
    ImageId image{};
    TagId attribute{};
    TagId object{};
};

/// How the captions of one language speak of a tag that a person judged on their image.
struct Mention
{
    ImageId image{};
    TagId tag{};
    TagKind kind = TagKind::Object;
    State state = State::Accepted; ///< or Rejected
    int captions = 0;              ///< of the image, in the language, that a parser has read
    int saying = 0;                ///< those that say the tag in their own words
};

/// What captions say, and leave out, of the tags in use. Lives on the thread of its connection.
class MentionRepository
{
public:
    explicit MentionRepository(const QSqlDatabase& connection)
        : m_connection(connection)
    {
    }

    /// Each image, attribute and object once, by image. @throws Error
    [[nodiscard]] QList<Ownership> ownerships() const;

    /// One row for each judged tag of an image and each language that it came from: a caption in
    /// another language could not have said it. @throws Error
    [[nodiscard]] QList<Mention> mentions() const;

private:
    QSqlDatabase m_connection;
};

} // namespace tagalign::db
