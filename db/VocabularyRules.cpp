#include "db/VocabularyRules.h"

#include "db/Statement.h"

#include <QRegularExpression>

#include <algorithm>

namespace tagalign::db {

namespace {

QString tableOf(VocabularyJournal::Place place)
{
    return place == VocabularyJournal::Place::Tag ? QStringLiteral("tag")
                                                  : QStringLiteral("candidate");
}

qint64 newestCandidate(const QSqlDatabase& connection)
{
    QSqlQuery row =
        execute(connection, QStringLiteral("SELECT COALESCE(MAX(id), 0) FROM candidate"));
    row.next();
    return row.value(0).toLongLong();
}

struct Placed
{
    qint64 candidate = 0;
    qint64 image = 0;
};

/// Candidates of the tag, from this id on, that are split off.
QList<Placed> splitOff(const QSqlDatabase& connection, qint64 tag, SplitBy by, const QString& text,
                       qint64 firstCandidate)
{
    QSqlQuery rows = execute(
        connection,
        QStringLiteral("SELECT c.id, c.image_id, t.text, c.span_start, c.span_length FROM "
                       "candidate c JOIN parse p ON p.id = c.parse_id JOIN caption t ON t.id = "
                       "p.caption_id WHERE c.tag_id = ? AND c.id >= ?"),
        {tag, firstCandidate});
    QList<Placed> found;
    while (rows.next()) {
        if (isSplitOff(by, text, rows.value(2).toString(), rows.value(3).toInt(),
                       rows.value(4).toInt())) {
            found.append({rows.value(0).toLongLong(), rows.value(1).toLongLong()});
        }
    }
    return found;
}

bool isSpacedScript(const QString& text)
{
    return std::none_of(text.begin(), text.end(), [](QChar c) {
        const auto script = c.script();
        return script == QChar::Script_Han || script == QChar::Script_Hiragana ||
               script == QChar::Script_Katakana;
    });
}

} // namespace

bool isSplitOff(SplitBy by, const QString& text, const QString& caption, int start, int length)
{
    const QString wanted = text.simplified();
    if (by == SplitBy::Words) {
        const QString words = QString::fromUtf8(caption.toUtf8().mid(start, length));
        return words.simplified().compare(wanted, Qt::CaseInsensitive) == 0;
    }
    if (!isSpacedScript(wanted)) {
        return caption.contains(wanted);
    }
    static const QString kWhole = QStringLiteral("(?<![\\p{L}\\p{N}])%1(?![\\p{L}\\p{N}])");
    const QRegularExpression whole(kWhole.arg(QRegularExpression::escape(wanted)),
                                   QRegularExpression::CaseInsensitiveOption |
                                       QRegularExpression::UseUnicodePropertiesOption);
    return whole.match(caption.simplified()).hasMatch();
}

SplitCount countSplit(const QSqlDatabase& connection, TagId tag, SplitBy by, const QString& text)
{
    const QList<Placed> found = splitOff(connection, qint64(tag), by, text, 0);
    QSet<qint64> images;
    for (const Placed& each : found) {
        images.insert(each.image);
    }
    return {int(found.size()), int(images.size())};
}

int VocabularyJournal::change(Place place, const QString& column, const QVariant& value,
                              const QString& condition, const QVariantList& bound)
{
    const QString table = tableOf(place);
    execute(m_connection,
            QStringLiteral("INSERT INTO vocabulary_change (step_id, place, row_id, name, previous) "
                           "SELECT ?, '%1', id, '%2', CAST(%2 AS TEXT) FROM %1 WHERE %3")
                .arg(table, column, condition),
            QVariantList{m_step} + bound);
    return execute(m_connection,
                   QStringLiteral("UPDATE %1 SET %2 = ? WHERE %3").arg(table, column, condition),
                   QVariantList{value} + bound)
        .numRowsAffected();
}

void VocabularyJournal::changeSetting(const QString& key, const QString& value)
{
    QSqlQuery present =
        execute(m_connection, QStringLiteral("SELECT value FROM setting WHERE key = ?"), {key});
    const QString before = present.next() ? present.value(0).toString() : QString();
    present.finish();
    if (before == value && before.isNull() == value.isNull()) {
        return;
    }
    execute(
        m_connection,
        QStringLiteral("INSERT INTO vocabulary_change (step_id, place, row_id, name, previous) "
                       "VALUES (?, 'setting', 0, ?, (SELECT value FROM setting WHERE key = ?))"),
        {m_step, key, key});
    if (value.isNull()) {
        execute(m_connection, QStringLiteral("DELETE FROM setting WHERE key = ?"), {key});
    } else {
        execute(m_connection,
                QStringLiteral("INSERT INTO setting (key, value) VALUES (?, ?) "
                               "ON CONFLICT (key) DO UPDATE SET value = excluded.value"),
                {key, value});
    }
}

void VocabularyJournal::addTag(TagId tag)
{
    execute(m_connection,
            QStringLiteral("INSERT INTO vocabulary_change (step_id, place, row_id, name) "
                           "VALUES (?, 'tag', ?, '')"),
            {m_step, qint64(tag)});
}

void VocabularyJournal::addCandidatesFrom(qint64 first)
{
    execute(m_connection,
            QStringLiteral("INSERT INTO vocabulary_change (step_id, place, row_id, name) "
                           "SELECT ?, 'candidate', id, '' FROM candidate WHERE id >= ?"),
            {m_step, first});
}

void VocabularyJournal::addRule(const QString& action, TagId tag, TagId target,
                                const QString& splitBy, const QString& splitText)
{
    const auto notNull = [](const QString& text) {
        return text.isNull() ? QStringLiteral("") : text;
    };
    execute(m_connection,
            QStringLiteral("INSERT INTO vocabulary_rule (step_id, action, tag_id, target_id, "
                           "split_by, split_text) VALUES (?, ?, ?, ?, ?, ?)"),
            {m_step, action, qint64(tag), qint64(target), notNull(splitBy), notNull(splitText)});
}

VocabularyRules::VocabularyRules(const QSqlDatabase& connection)
    : m_connection(connection)
{
    QSqlQuery rows = execute(
        connection, QStringLiteral("SELECT id, step_id, action, tag_id, target_id, split_by, "
                                   "split_text FROM vocabulary_rule ORDER BY id"));
    while (rows.next()) {
        m_rules.append({rows.value(0).toLongLong(), rows.value(1).toLongLong(),
                        rows.value(2).toString(), rows.value(3).toLongLong(),
                        rows.value(4).toLongLong(),
                        rows.value(5).toString() == QLatin1String("caption") ? SplitBy::Caption
                                                                             : SplitBy::Words,
                        rows.value(6).toString()});
    }
}

void VocabularyRules::follow(qint64 firstCandidate)
{
    if (!m_rules.isEmpty()) {
        refreshStates(m_connection, followUntil(firstCandidate, m_rules.size()), firstCandidate);
    }
}

QSet<qint64> VocabularyRules::applyNewest()
{
    Q_ASSERT(!m_rules.isEmpty());
    return apply(m_rules.size() - 1, 0);
}

QSet<qint64> VocabularyRules::followUntil(qint64 firstCandidate, qsizetype end)
{
    QSet<qint64> present;
    QSqlQuery rows =
        execute(m_connection,
                QStringLiteral("SELECT tag_id FROM candidate WHERE id >= ? UNION SELECT "
                               "owner_tag_id FROM candidate WHERE id >= ?"),
                {firstCandidate, firstCandidate});
    while (rows.next()) {
        present.insert(rows.value(0).toLongLong());
    }
    rows.finish();
    QSet<qint64> touched;
    for (qsizetype rule = 0; rule < end; ++rule) {
        if (present.contains(m_rules.at(rule).tag)) {
            const QSet<qint64> changed = apply(rule, firstCandidate);
            present.unite(changed);
            touched.unite(changed);
        }
    }
    return touched;
}

QSet<qint64> VocabularyRules::apply(qsizetype place, qint64 firstCandidate)
{
    const Rule& rule = m_rules.at(place);
    if (rule.action == QLatin1String("roll_up")) {
        return rollUp(place, firstCandidate);
    }
    if (rule.action == QLatin1String("split")) {
        split(rule, firstCandidate);
    } else {
        move(rule, firstCandidate);
    }
    return {rule.tag, rule.target};
}

void VocabularyRules::move(const Rule& rule, qint64 firstCandidate)
{
    for (const char* column : {"tag_id", "owner_tag_id"}) {
        // The plus keeps SQLite at the ids: a tag's index holds all that was ever read.
        const QString condition =
            QStringLiteral("%1%2 = ? AND id >= ?")
                .arg(firstCandidate > 0 ? QStringLiteral("+") : QString(), QLatin1String(column));
        if (rule.action ==
            QLatin1String("rename")) { // the same tag: there is nothing to go back to
            execute(m_connection,
                    QStringLiteral("UPDATE candidate SET %1 = ? WHERE %2")
                        .arg(QLatin1String(column), condition),
                    {rule.target, rule.tag, firstCandidate});
        } else {
            VocabularyJournal(m_connection, rule.step)
                .change(VocabularyJournal::Place::Candidate, QLatin1String(column), rule.target,
                        condition, {rule.tag, firstCandidate});
        }
    }
}

void VocabularyRules::split(const Rule& rule, qint64 firstCandidate)
{
    VocabularyJournal journal(m_connection, rule.step);
    const auto change = [&](const char* column, const QString& condition,
                            const QVariantList& bound) {
        journal.change(VocabularyJournal::Place::Candidate, QLatin1String(column), rule.target,
                       condition, bound);
    };
    for (const Placed& chosen :
         splitOff(m_connection, rule.tag, rule.splitBy, rule.splitText, firstCandidate)) {
        change("tag_id", QStringLiteral("id = ?"), {chosen.candidate});
    }
    // Attributes name their object by its tag: they go along where the parse has no other such.
    change(
        "owner_tag_id",
        QStringLiteral("owner_tag_id = ? AND id >= ? AND EXISTS (SELECT 1 FROM candidate m WHERE "
                       "m.parse_id = candidate.parse_id AND m.tag_id = ?) AND NOT EXISTS (SELECT "
                       "1 FROM candidate m WHERE m.parse_id = candidate.parse_id AND m.tag_id = "
                       "?)"),
        {rule.tag, firstCandidate, rule.target, rule.tag});
}

/// The new candidates obey the rules that were there before, as if they had been read then.
QSet<qint64> VocabularyRules::rollUp(qsizetype place, qint64 firstCandidate)
{
    const Rule& rule = m_rules.at(place);
    const qint64 first = newestCandidate(m_connection) + 1;
    execute(m_connection,
            QStringLiteral(
                "INSERT INTO candidate (image_id, tag_id, parse_id, span_start, span_length, "
                "owner_tag_id, confidence, inferred, origin_id) SELECT c.image_id, ?, c.parse_id, "
                "c.span_start, c.span_length, c.owner_tag_id, c.confidence, c.inferred, c.id FROM "
                "candidate c WHERE c.tag_id = ? AND c.id >= ? AND NOT EXISTS (SELECT 1 FROM "
                "candidate d WHERE d.origin_id = c.id AND d.tag_id = ?) ORDER BY c.id"),
            {rule.target, rule.tag, firstCandidate, rule.target});
    VocabularyJournal(m_connection, rule.step).addCandidatesFrom(first);
    QSet<qint64> touched{rule.target};
    if (newestCandidate(m_connection) >= first) {
        touched.unite(followUntil(first, place));
    }
    return touched;
}

void refreshStates(const QSqlDatabase& connection, const QSet<qint64>& tags, qint64 firstCandidate)
{
    for (const qint64 tag : tags) {
        execute(connection,
                QStringLiteral(
                    "UPDATE candidate SET state = COALESCE((SELECT v.verdict FROM verdict v JOIN "
                    "candidate o ON o.id = v.candidate_id WHERE o.image_id = candidate.image_id "
                    "AND o.tag_id = candidate.tag_id AND v.undoes IS NULL AND NOT EXISTS (SELECT 1 "
                    "FROM verdict u WHERE u.undoes = v.id) ORDER BY v.id DESC LIMIT 1), 'pending') "
                    "WHERE tag_id = ? AND id >= ?"),
                {tag, firstCandidate});
    }
}

} // namespace tagalign::db
