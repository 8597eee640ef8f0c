#include "db/MentionRepository.h"

#include "db/Statement.h"
#include "db/TagRepository.h"

namespace tagalign::db {

QList<Ownership> MentionRepository::ownerships() const
{
    QSqlQuery rows = execute(
        m_connection,
        QStringLiteral("SELECT DISTINCT c.image_id, c.tag_id, c.owner_tag_id FROM candidate c JOIN "
                       "tag t ON t.id = c.tag_id JOIN tag o ON o.id = c.owner_tag_id WHERE "
                       "t.kind = 'attribute' AND o.kind = 'object' AND t.enabled = 1 AND "
                       "o.enabled = 1 ORDER BY c.image_id, c.tag_id, c.owner_tag_id"));
    QList<Ownership> ownerships;
    while (rows.next()) {
        ownerships.append({ImageId{rows.value(0).toLongLong()}, TagId{rows.value(1).toLongLong()},
                           TagId{rows.value(2).toLongLong()}});
    }
    return ownerships;
}

QList<Mention> MentionRepository::mentions() const
{
    QSqlQuery rows = execute(
        m_connection,
        QStringLiteral(
            "SELECT m.image_id, m.tag_id, m.kind, m.state, m.saying, (SELECT COUNT(*) FROM caption "
            "k WHERE k.image_id = m.image_id AND k.language = m.language AND EXISTS (SELECT 1 FROM "
            "parse q WHERE q.caption_id = k.id)) FROM (SELECT c.image_id, c.tag_id, t.kind, "
            "c.state, k.language, COUNT(DISTINCT CASE WHEN c.inferred = 0 THEN k.id END) AS saying "
            "FROM candidate c JOIN tag t ON t.id = c.tag_id AND t.enabled = 1 JOIN parse p ON "
            "p.id = c.parse_id JOIN caption k ON k.id = p.caption_id WHERE c.state IN ('accept', "
            "'reject') GROUP BY c.image_id, c.tag_id, t.kind, c.state, k.language) m ORDER BY "
            "m.image_id, m.tag_id, m.language"));
    QList<Mention> mentions;
    while (rows.next()) {
        mentions.append({.image = ImageId{rows.value(0).toLongLong()},
                         .tag = TagId{rows.value(1).toLongLong()},
                         .kind = kindOf(rows.value(2).toString()),
                         .state = stateOf(rows.value(3).toString()),
                         .captions = rows.value(5).toInt(),
                         .saying = rows.value(4).toInt()});
    }
    return mentions;
}

} // namespace tagalign::db
