#include "db/VocabularyRepository.h"

#include "db/AuditLog.h"
#include "db/TagRepository.h"

#include <QMap>

#include <algorithm>

namespace tagalign::db {

namespace {

TagUse useOf(const QString& switched)
{
    return switched == QLatin1String("on")    ? TagUse::On
           : switched == QLatin1String("off") ? TagUse::Off
                                              : TagUse::Automatic;
}

struct Change
{
    QString place;
    qint64 row = 0;
    QString name;
    QVariant previous;
};

QList<Change> changesOf(const QSqlDatabase& connection, qint64 step)
{
    QSqlQuery rows =
        execute(connection,
                QStringLiteral("SELECT place, row_id, name, previous FROM vocabulary_change "
                               "WHERE step_id = ? ORDER BY id DESC"),
                {step});
    QList<Change> changes;
    while (rows.next()) {
        changes.append({rows.value(0).toString(), rows.value(1).toLongLong(),
                        rows.value(2).toString(), rows.value(3)});
    }
    return changes;
}

/// A tag stays where something speaks of it.
void removeTag(const QSqlDatabase& connection, qint64 tag)
{
    execute(connection,
            QStringLiteral(
                "DELETE FROM tag WHERE id = ? AND NOT EXISTS (SELECT 1 FROM candidate WHERE tag_id "
                "= tag.id OR owner_tag_id = tag.id) AND NOT EXISTS (SELECT 1 FROM metric WHERE "
                "tag_id = tag.id) AND NOT EXISTS (SELECT 1 FROM vocabulary_rule WHERE tag_id = "
                "tag.id OR target_id = tag.id)"),
            {tag});
}

void revertSetting(const QSqlDatabase& connection, const Change& change)
{
    execute(connection, QStringLiteral("DELETE FROM setting WHERE key = ?"), {change.name});
    if (!change.previous.isNull()) {
        execute(connection, QStringLiteral("INSERT INTO setting (key, value) VALUES (?, ?)"),
                {change.name, change.previous});
    }
}

/// What a person judged among the tags that follow from this one follows from its origin instead:
/// its verdicts refer to it.
void keepJudgedFollowers(const QSqlDatabase& connection, qint64 candidate)
{
    execute(connection,
            QStringLiteral(
                "UPDATE candidate SET origin_id = (SELECT o.origin_id FROM candidate o WHERE o.id "
                "= ?) WHERE EXISTS (SELECT 1 FROM verdict WHERE candidate_id = candidate.id) AND "
                "id IN (WITH RECURSIVE follower (id) AS (SELECT id FROM candidate WHERE origin_id "
                "= ? UNION SELECT c.id FROM candidate c JOIN follower f ON c.origin_id = f.id) "
                "SELECT id FROM follower)"),
            {candidate, candidate});
}

void revert(const QSqlDatabase& connection, const Change& change)
{
    if (change.place == QLatin1String("setting")) {
        revertSetting(connection, change);
    } else if (!change.name.isEmpty()) {
        execute(connection,
                QStringLiteral("UPDATE %1 SET %2 = ? WHERE id = ?").arg(change.place, change.name),
                {change.previous, change.row});
    } else if (change.place == QLatin1String("tag")) {
        removeTag(connection, change.row);
    } else {
        keepJudgedFollowers(connection, change.row);
        execute(connection,
                QStringLiteral("DELETE FROM candidate WHERE id = ? AND NOT EXISTS (SELECT 1 FROM "
                               "verdict WHERE candidate_id = candidate.id)"),
                {change.row});
    }
}

QSet<qint64> tagsOf(const QList<Change>& changes, const QSqlDatabase& connection)
{
    auto current =
        prepared(connection, QStringLiteral("SELECT tag_id FROM candidate WHERE id = ?"));
    QSet<qint64> tags;
    for (const Change& change : changes) {
        if (change.place != QLatin1String("candidate")) {
            continue;
        }
        current.bindValue(0, change.row);
        run(current);
        if (current.next()) {
            tags.insert(current.value(0).toLongLong());
        }
        if (change.name == QLatin1String("tag_id")) {
            tags.insert(change.previous.toLongLong());
        }
    }
    return tags;
}

VocabularyRecord recordOf(const QSqlQuery& row)
{
    return {row.value(0).toLongLong(), row.value(1).toString(), row.value(2).toString(),
            row.value(3).toString(),   row.value(4).toString(), !row.value(5).toString().isEmpty()};
}

} // namespace

QList<VocabularyTag> VocabularyRepository::tags() const
{
    QHash<TagId, VocabularyTag> more;
    QSqlQuery rows = execute(
        m_connection, QStringLiteral("SELECT t.id, t.switched, t.class_source, t.parent_id, "
                                     "COALESCE(p.display, '') FROM tag t LEFT JOIN tag p ON p.id = "
                                     "t.parent_id"));
    while (rows.next()) {
        VocabularyTag& tag = more[TagId{rows.value(0).toLongLong()}];
        tag.use = useOf(rows.value(1).toString());
        tag.isClassEdited = rows.value(2).toString() == QLatin1String("edited");
        if (!rows.isNull(3)) {
            tag.parent = TagId{rows.value(3).toLongLong()};
        }
        tag.parentName = rows.value(4).toString();
    }
    QSqlQuery merged =
        execute(m_connection,
                QStringLiteral("SELECT r.target_id, t.lemma FROM vocabulary_rule r JOIN tag t "
                               "ON t.id = r.tag_id WHERE r.action = 'merge' ORDER BY r.id"));
    while (merged.next()) {
        more[TagId{merged.value(0).toLongLong()}].merged.append(merged.value(1).toString());
    }
    QList<VocabularyTag> all;
    for (const Tag& tag : TagRepository(m_connection).tags()) {
        all.append(more.value(tag.id));
        all.last().tag = tag;
    }
    return all;
}

QList<VocabularyRecord> VocabularyRepository::steps() const
{
    QSqlQuery rows =
        execute(m_connection, QStringLiteral("SELECT id, at, who, action, sentence, undone_at FROM "
                                             "vocabulary_step ORDER BY id DESC"));
    QList<VocabularyRecord> steps;
    while (rows.next()) {
        steps.append(recordOf(rows));
    }
    return steps;
}

std::optional<VocabularyRecord> VocabularyRepository::undo(const QString& who)
{
    Transaction transaction(m_connection);
    QSqlQuery row = execute(m_connection,
                            QStringLiteral("SELECT id, at, who, action, sentence, undone_at FROM "
                                           "vocabulary_step WHERE undone_at = '' ORDER BY id DESC "
                                           "LIMIT 1"));
    if (!row.next()) {
        return std::nullopt;
    }
    VocabularyRecord record = recordOf(row);
    row.finish();
    execute(m_connection, QStringLiteral("DELETE FROM vocabulary_rule WHERE step_id = ?"),
            {record.id});
    const QList<Change> changes = changesOf(m_connection, record.id);
    const QSet<qint64> touched = tagsOf(changes, m_connection);
    for (const Change& change : changes) {
        revert(m_connection, change);
    }
    refreshStates(m_connection, touched);
    execute(m_connection,
            QStringLiteral("UPDATE tag SET enabled = CASE WHEN switched = 'on' THEN 1 "
                           "ELSE 0 END WHERE switched IS NOT NULL AND NOT EXISTS (SELECT 1 "
                           "FROM vocabulary_rule r WHERE r.tag_id = tag.id AND r.action = "
                           "'merge')"));
    execute(m_connection, QStringLiteral("DELETE FROM vocabulary_change WHERE step_id = ?"),
            {record.id});
    execute(m_connection, QStringLiteral("UPDATE vocabulary_step SET undone_at = ? WHERE id = ?"),
            {timestamp(), record.id});
    AuditLog(m_connection).append(who, QStringLiteral("vocabulary undo"), record.sentence);
    transaction.commit();
    record.isUndone = true;
    return record;
}

void VocabularyRepository::setGuessedClasses(const QHash<TagId, QString>& classes)
{
    Transaction transaction(m_connection);
    for (auto tag = classes.cbegin(); tag != classes.cend(); ++tag) {
        execute(
            m_connection,
            QStringLiteral("UPDATE tag SET class = ?, class_source = 'guessed' WHERE id = ? AND "
                           "kind = 'attribute' AND COALESCE(class_source, '') <> 'edited'"),
            {tag.value(), qint64(tag.key())});
    }
    transaction.commit();
}

MergeCount VocabularyRepository::countMerge(const QList<TagId>& tags) const
{
    QHash<qint64, QSet<QString>> verdicts;
    for (const TagId tag : tags) {
        QSqlQuery rows = execute(
            m_connection,
            QStringLiteral("SELECT DISTINCT image_id, state FROM candidate WHERE tag_id = ?"),
            {qint64(tag)});
        while (rows.next()) {
            QSet<QString>& onImage = verdicts[rows.value(0).toLongLong()];
            if (rows.value(1).toString() != QLatin1String("pending")) {
                onImage.insert(rows.value(1).toString());
            }
        }
    }
    return {int(verdicts.size()),
            int(std::count_if(verdicts.begin(), verdicts.end(),
                              [](const QSet<QString>& onImage) { return onImage.size() > 1; }))};
}

QList<std::pair<QString, int>> VocabularyRepository::wordsOf(TagId tag) const
{
    QSqlQuery rows =
        execute(m_connection,
                QStringLiteral("SELECT c.image_id, t.text, c.span_start, c.span_length FROM "
                               "candidate c JOIN parse p ON p.id = c.parse_id JOIN caption t "
                               "ON t.id = p.caption_id WHERE c.tag_id = ?"),
                {qint64(tag)});
    QMap<QString, QSet<qint64>> images;
    while (rows.next()) {
        const QString words = QString::fromUtf8(
            rows.value(1).toString().toUtf8().mid(rows.value(2).toInt(), rows.value(3).toInt()));
        images[words.simplified().toLower()].insert(rows.value(0).toLongLong());
    }
    QList<std::pair<QString, int>> words;
    for (auto each = images.cbegin(); each != images.cend(); ++each) {
        words.append({each.key(), int(each->size())});
    }
    std::stable_sort(words.begin(), words.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    return words;
}

QHash<TagId, QSet<ImageId>> VocabularyRepository::imagesByTag() const
{
    QSqlQuery rows =
        execute(m_connection, QStringLiteral("SELECT DISTINCT tag_id, image_id FROM candidate"));
    QHash<TagId, QSet<ImageId>> images;
    while (rows.next()) {
        images[TagId{rows.value(0).toLongLong()}].insert(ImageId{rows.value(1).toLongLong()});
    }
    return images;
}

} // namespace tagalign::db
