#include "db/QualityRepository.h"

#include "db/Statement.h"
#include "db/TagRepository.h"

namespace tagalign::db {

namespace {

std::optional<double> numberAt(const QSqlQuery& row, int place)
{
    const QVariant value = row.value(place);
    return value.isNull() ? std::nullopt : std::optional(value.toDouble());
}

} // namespace

QList<PairEvidence> QualityRepository::evidence(const QString& model) const
{
    // The second parse is any reading of the same caption.
    QSqlQuery rows = execute(
        m_connection,
        QStringLiteral(
            "SELECT e.image_id, e.tag_id, t.kind, t.lemma, COALESCE(t.english, t.lemma), "
            "e.confidence, e.captions, e.found, e.readers, e.inferred, e.state, m.margin, "
            "e.probability FROM (SELECT c.image_id, c.tag_id, MAX(c.confidence) AS confidence, "
            "COUNT(DISTINCT p.caption_id) AS captions, COUNT(DISTINCT p.parser) AS found, "
            "COUNT(DISTINCT q.parser) AS readers, MIN(c.inferred) AS inferred, MIN(c.state) AS "
            "state, CASE WHEN COUNT(*) = COUNT(c.probability) AND "
            "MIN(c.probability) = MAX(c.probability) THEN MAX(c.probability) END AS "
            "probability FROM candidate c JOIN parse p ON p.id = "
            "c.parse_id JOIN parse q ON q.caption_id = p.caption_id AND (q.stale = 0 OR "
            "q.id = p.id) GROUP BY c.image_id, "
            "c.tag_id) e JOIN tag t ON t.id = e.tag_id AND t.enabled = 1 LEFT JOIN tag_margin m "
            "ON m.image_id = e.image_id AND m.tag_id = e.tag_id AND m.model = ? AND m.text = "
            "COALESCE(t.english, t.lemma) ORDER BY e.image_id, e.tag_id"),
        {model});
    QList<PairEvidence> pairs;
    while (rows.next()) {
        pairs.append({.image = ImageId{rows.value(0).toLongLong()},
                      .tag = TagId{rows.value(1).toLongLong()},
                      .kind = kindOf(rows.value(2).toString()),
                      .lemma = rows.value(3).toString(),
                      .text = rows.value(4).toString(),
                      .confidence = rows.value(5).toDouble(),
                      .captions = rows.value(6).toInt(),
                      .parsersFound = rows.value(7).toInt(),
                      .parsersRead = rows.value(8).toInt(),
                      .inferred = rows.value(9).toBool(),
                      .state = stateOf(rows.value(10).toString()),
                      .margin = numberAt(rows, 11),
                      .probability = numberAt(rows, 12)});
    }
    return pairs;
}

void QualityRepository::storeMargins(const QString& model, const QList<TagMargin>& margins)
{
    Transaction transaction(m_connection);
    auto insert = prepared(
        m_connection,
        QStringLiteral("INSERT INTO tag_margin (image_id, tag_id, model, text, margin) VALUES "
                       "(?, ?, ?, ?, ?) ON CONFLICT (image_id, tag_id) DO UPDATE SET model = "
                       "excluded.model, text = excluded.text, margin = excluded.margin"));
    for (const TagMargin& row : margins) {
        insert.bindValue(0, qint64(row.image));
        insert.bindValue(1, qint64(row.tag));
        insert.bindValue(2, model);
        insert.bindValue(3, row.text);
        insert.bindValue(4, row.margin);
        run(insert);
    }
    transaction.commit();
}

void QualityRepository::forgetMarginsBut(const QString& model)
{
    execute(m_connection, QStringLiteral("DELETE FROM tag_margin WHERE model <> ?"), {model});
}

void QualityRepository::forgetMargins()
{
    execute(m_connection, QStringLiteral("DELETE FROM tag_margin"));
}

void QualityRepository::storeProbabilities(const QList<PairProbability>& probabilities)
{
    Transaction transaction(m_connection);
    auto update =
        prepared(m_connection, QStringLiteral("UPDATE candidate SET probability = ? WHERE "
                                              "image_id = ? AND tag_id = ?"));
    for (const PairProbability& row : probabilities) {
        update.bindValue(0, row.probability);
        update.bindValue(1, qint64(row.image));
        update.bindValue(2, qint64(row.tag));
        run(update);
    }
    transaction.commit();
}

} // namespace tagalign::db
