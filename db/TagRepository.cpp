#include "db/TagRepository.h"

#include "db/ParseRows.h"
#include "db/Statement.h"
#include "db/VocabularyRules.h"

#include <QHash>

namespace tagalign::db {

namespace {

QString sourceName(EnglishSource source)
{
    return source == EnglishSource::Edited ? QStringLiteral("edited")
                                           : QStringLiteral("translated");
}

EnglishSource sourceOf(const QString& name)
{
    return name == QLatin1String("edited") ? EnglishSource::Edited : EnglishSource::Translated;
}

enum class Tags { Disabled, Enabled };

/// One row per image and tag: the most confident candidate, the oldest among equals.
QString candidateSql(const QString& condition, const QString& order, Tags tags = Tags::Enabled)
{
    return QStringLiteral(
               "SELECT id, image_id, tag_id, kind, lemma, display, caption_id, span_start, "
               "span_length, owner, confidence, state, inferred, english, english_source, "
               "owner_english, probability FROM ("
               "SELECT c.id, c.image_id, c.tag_id, t.kind, t.lemma, t.display, p.caption_id, "
               "c.span_start, c.span_length, COALESCE(o.display, '') AS owner, c.confidence, "
               "c.state, c.inferred, COALESCE(t.english, '') AS english, t.english_source, "
               "COALESCE(o.english, '') AS owner_english, c.probability, ROW_NUMBER() OVER "
               "(PARTITION BY "
               "c.image_id, c.tag_id "
               "ORDER BY c.confidence DESC, c.id) AS place "
               "FROM candidate c JOIN tag t ON t.id = c.tag_id JOIN parse p ON p.id = c.parse_id "
               "LEFT JOIN tag o ON o.id = c.owner_tag_id WHERE t.enabled = %3 %1) best "
               "WHERE place = 1 ORDER BY %2")
        .arg(condition, order)
        .arg(int(tags));
}

QList<Candidate> readCandidates(QSqlQuery rows)
{
    QList<Candidate> candidates;
    while (rows.next()) {
        candidates.append(
            {CandidateId{rows.value(0).toLongLong()}, ImageId{rows.value(1).toLongLong()},
             TagId{rows.value(2).toLongLong()}, kindOf(rows.value(3).toString()),
             rows.value(4).toString(), rows.value(5).toString(),
             CaptionId{rows.value(6).toLongLong()}, rows.value(7).toInt(), rows.value(8).toInt(),
             rows.value(9).toString(), rows.value(10).toDouble(),
             stateOf(rows.value(11).toString()), rows.value(12).toBool(), rows.value(13).toString(),
             sourceOf(rows.value(14).toString()), rows.value(15).toString(),
             rows.value(16).isNull() ? std::nullopt : std::optional(rows.value(16).toDouble())});
    }
    return candidates;
}

/// Of caption c, by parser and version; more conditions on the parse p may follow before ")".
const QString kUnparsed =
    QStringLiteral("NOT EXISTS (SELECT 1 FROM parse p WHERE p.caption_id = c.id AND p.parser = ? "
                   "AND p.parser_version = ? AND p.stale = 0");

QList<Caption> readCaptions(QSqlQuery rows)
{
    QList<Caption> captions;
    while (rows.next()) {
        captions.append({CaptionId{rows.value(0).toLongLong()}, ImageId{rows.value(1).toLongLong()},
                         rows.value(2).toString(), rows.value(3).toString()});
    }
    return captions;
}

void addAbsences(const QSqlDatabase& connection, const NewParse& parse, qint64 parseId)
{
    for (const Absence& absence : parse.absences) {
        execute(connection,
                QStringLiteral("INSERT INTO absence (image_id, parse_id, lemma, display, "
                               "span_start, span_length) VALUES (?, ?, ?, ?, ?, ?)"),
                {qint64(parse.image), parseId, absence.lemma, absence.display, absence.spanStart,
                 absence.spanLength});
    }
}

/// Of the candidates from this one on, those of the same parse, tag and words as an older one.
void removeRepeated(const QSqlDatabase& connection, qint64 firstCandidate)
{
    execute(
        connection,
        QStringLiteral("DELETE FROM candidate WHERE id >= ? AND EXISTS (SELECT 1 FROM candidate "
                       "o WHERE o.parse_id = candidate.parse_id AND o.id < ? AND o.tag_id = "
                       "candidate.tag_id AND o.span_start = candidate.span_start AND "
                       "o.span_length = candidate.span_length)"),
        {firstCandidate, firstCandidate});
}

/// Finds or makes tags, remembering those already seen.
class TagIds
{
public:
    explicit TagIds(const QSqlDatabase& connection)
        : m_insert(prepared(connection,
                            QStringLiteral("INSERT INTO tag (kind, lemma, display) VALUES "
                                           "(?, ?, ?) ON CONFLICT (kind, lemma) DO NOTHING"))),
          m_select(prepared(connection,
                            QStringLiteral("SELECT id FROM tag WHERE kind = ? AND lemma = ?")))
    {
    }

    qint64 idOf(const NewCandidate& candidate)
    {
        const auto key = std::pair(int(candidate.kind), candidate.lemma);
        if (const auto known = m_known.constFind(key); known != m_known.cend()) {
            return *known;
        }
        m_insert.bindValue(0, kindName(candidate.kind));
        m_insert.bindValue(1, candidate.lemma);
        m_insert.bindValue(2, candidate.display);
        run(m_insert);
        m_select.bindValue(0, kindName(candidate.kind));
        m_select.bindValue(1, candidate.lemma);
        run(m_select);
        m_select.next();
        const qint64 id = m_select.value(0).toLongLong();
        m_select.finish();
        m_known.insert(key, id);
        return id;
    }

private:
    QSqlQuery m_insert;
    QSqlQuery m_select;
    QHash<std::pair<int, QString>, qint64> m_known;
};

} // namespace

QString kindName(TagKind kind)
{
    return kind == TagKind::Object ? QStringLiteral("object") : QStringLiteral("attribute");
}

TagKind kindOf(const QString& name)
{
    return name == QLatin1String("object") ? TagKind::Object : TagKind::Attribute;
}

QString stateName(State state)
{
    switch (state) {
    case State::Pending:
        return QStringLiteral("pending");
    case State::Accepted:
        return QStringLiteral("accept");
    case State::Rejected:
        return QStringLiteral("reject");
    case State::Unsure:
        return QStringLiteral("unsure");
    }
    Q_UNREACHABLE();
}

State stateOf(const QString& name)
{
    return name == QLatin1String("accept")   ? State::Accepted
           : name == QLatin1String("reject") ? State::Rejected
           : name == QLatin1String("unsure") ? State::Unsure
                                             : State::Pending;
}

QList<Caption> TagRepository::unparsedCaptions(const QString& parser, const QString& version,
                                               const QString& promptVersion) const
{
    return readCaptions(execute(
        m_connection,
        QStringLiteral("SELECT c.id, c.image_id, c.text, c.language FROM caption c WHERE %1 AND "
                       "p.prompt_version = ?) ORDER BY c.id")
            .arg(kUnparsed),
        {parser, version, notNull(promptVersion)}));
}

QList<Caption> TagRepository::unparsedCaptionsIn(const QString& language, const QString& parser,
                                                 const QString& version, CaptionId after,
                                                 int most) const
{
    return readCaptions(
        execute(m_connection,
                QStringLiteral("SELECT c.id, c.image_id, c.text, c.language FROM caption c WHERE "
                               "c.language = ? AND c.id > ? AND %1) ORDER BY c.id LIMIT ?")
                    .arg(kUnparsed),
                {language, qint64(after), parser, version, most}));
}

int TagRepository::countUnparsedIn(const QString& language, const QString& parser,
                                   const QString& version) const
{
    QSqlQuery row =
        execute(m_connection,
                QStringLiteral("SELECT COUNT(*) FROM caption c WHERE c.language = ? AND %1)")
                    .arg(kUnparsed),
                {language, parser, version});
    row.next();
    return row.value(0).toInt();
}

void TagRepository::changeLanguage(const QList<CaptionId>& captions, const QString& language,
                                   const QString& parser)
{
    Transaction transaction(m_connection);
    for (const CaptionId caption : captions) {
        execute(m_connection, QStringLiteral("UPDATE caption SET language = ? WHERE id = ?"),
                {language, qint64(caption)});
        execute(m_connection,
                QStringLiteral("DELETE FROM parse WHERE caption_id = ? AND parser = ? AND NOT "
                               "EXISTS (SELECT 1 FROM candidate c JOIN verdict v ON "
                               "v.candidate_id = c.id WHERE c.parse_id = parse.id)"),
                {qint64(caption), parser});
    }
    transaction.commit();
}

void TagRepository::addParses(const QList<NewParse>& parses)
{
    Transaction transaction(m_connection);
    TagIds tagIds(m_connection);
    ParseRows rows(m_connection);
    QSqlQuery newest =
        execute(m_connection, QStringLiteral("SELECT COALESCE(MAX(id), 0) FROM candidate"));
    newest.next();
    const qint64 firstCandidate = newest.value(0).toLongLong() + 1;
    newest.finish();
    auto insertCandidate =
        prepared(m_connection,
                 QStringLiteral(
                     "INSERT INTO candidate (image_id, tag_id, parse_id, span_start, "
                     "span_length, owner_tag_id, confidence, inferred, state) VALUES (?, ?, ?, ?, "
                     "?, ?, ?, ?, COALESCE((SELECT state FROM candidate WHERE image_id = ? AND "
                     "tag_id = ? LIMIT 1), 'pending'))")); // all of a pair have one state
    for (const NewParse& parse : parses) {
        const qint64 parseId = rows.store(parse);
        for (const NewCandidate& candidate : parse.candidates) {
            const qint64 tag = tagIds.idOf(candidate);
            const QVariant owner = candidate.owner < 0
                                       ? QVariant(QMetaType::fromType<qint64>())
                                       : tagIds.idOf(parse.candidates.at(candidate.owner));
            const QVariantList values{qint64(parse.image),
                                      tag,
                                      parseId,
                                      candidate.spanStart,
                                      candidate.spanLength,
                                      owner,
                                      candidate.confidence,
                                      candidate.inferred ? 1 : 0,
                                      qint64(parse.image),
                                      tag};
            for (int place = 0; place < values.size(); ++place) {
                insertCandidate.bindValue(place, values.at(place));
            }
            run(insertCandidate);
        }
        addAbsences(m_connection, parse, parseId);
    }
    VocabularyRules(m_connection).follow(firstCandidate);
    if (rows.hasTakenOver()) {
        removeRepeated(m_connection, firstCandidate);
    }
    transaction.commit();
}

QList<Tag> TagRepository::tags() const
{
    QSqlQuery rows =
        execute(m_connection,
                QStringLiteral("SELECT t.id, t.kind, t.lemma, t.display, t.priority, t.enabled, "
                               "COUNT(DISTINCT c.image_id), "
                               "COUNT(DISTINCT CASE WHEN c.state = 'accept' THEN c.image_id END), "
                               "COUNT(DISTINCT CASE WHEN c.state = 'reject' THEN c.image_id END), "
                               "COALESCE(t.english, ''), t.english_source, "
                               "COALESCE(t.class, '') "
                               "FROM tag t LEFT JOIN candidate c ON c.tag_id = t.id "
                               "WHERE NOT EXISTS (SELECT 1 FROM vocabulary_rule r WHERE r.tag_id "
                               "= t.id AND r.action IN ('merge', 'rename')) "
                               "GROUP BY t.id, t.kind, t.lemma, t.display, t.priority, t.enabled, "
                               "t.english, t.english_source, t.class "
                               "ORDER BY 7 DESC, t.lemma"));
    QList<Tag> tags;
    while (rows.next()) {
        tags.append({TagId{rows.value(0).toLongLong()}, kindOf(rows.value(1).toString()),
                     rows.value(2).toString(), rows.value(3).toString(), rows.value(4).toDouble(),
                     rows.value(5).toBool(), rows.value(6).toInt(), rows.value(7).toInt(),
                     rows.value(8).toInt(), rows.value(9).toString(),
                     sourceOf(rows.value(10).toString()), rows.value(11).toString()});
    }
    return tags;
}

QHash<TagId, QString> TagRepository::names() const
{
    QSqlQuery rows = execute(m_connection, QStringLiteral("SELECT id, display FROM tag"));
    QHash<TagId, QString> names;
    while (rows.next()) {
        names.insert(TagId{rows.value(0).toLongLong()}, rows.value(1).toString());
    }
    return names;
}

int TagRepository::enableFrequent(int minimumImages)
{
    Transaction transaction(m_connection);
    execute(
        m_connection,
        QStringLiteral("UPDATE tag SET enabled = CASE WHEN (SELECT COUNT(DISTINCT image_id) FROM "
                       "candidate WHERE tag_id = tag.id) >= ? THEN 1 ELSE 0 END WHERE switched "
                       "IS NULL AND NOT EXISTS "
                       "(SELECT 1 FROM candidate WHERE tag_id = tag.id AND state <> 'pending')"),
        {minimumImages});
    QSqlQuery count =
        execute(m_connection, QStringLiteral("SELECT COUNT(*) FROM tag WHERE enabled = 1"));
    count.next();
    const int enabled = count.value(0).toInt();
    count.finish();
    transaction.commit();
    return enabled;
}

void TagRepository::setEnglish(const QHash<TagId, QString>& english, EnglishSource source)
{
    Transaction transaction(m_connection);
    for (auto tag = english.cbegin(); tag != english.cend(); ++tag) {
        const bool isTaken = tag.value().isEmpty();
        execute(m_connection,
                QStringLiteral("UPDATE tag SET english = ?, english_source = ? WHERE id = ? AND "
                               "(? = 'edited' OR COALESCE(english_source, '') <> 'edited')"),
                {isTaken ? QVariant(QMetaType::fromType<QString>()) : tag.value(),
                 isTaken && source == EnglishSource::Translated
                     ? QVariant(QMetaType::fromType<QString>())
                     : QVariant(sourceName(source)),
                 qint64(tag.key()), sourceName(source)});
    }
    transaction.commit();
}

QList<Candidate> TagRepository::candidatesOf(ImageId image, Order order) const
{
    const QString columns = order == Order::MostDoubtful
                                ? QStringLiteral("COALESCE(probability, confidence), id")
                                : QStringLiteral("kind DESC, confidence DESC, id");
    return readCandidates(execute(m_connection,
                                  candidateSql(QStringLiteral("AND c.image_id = ?"), columns),
                                  {qint64(image)}));
}

QList<Absence> TagRepository::absencesOf(ImageId image) const
{
    QSqlQuery rows = execute(
        m_connection,
        QStringLiteral("SELECT lemma, display, span_start, span_length FROM (SELECT a.*, "
                       "ROW_NUMBER() OVER (PARTITION BY lemma ORDER BY id) AS place FROM absence a "
                       "WHERE image_id = ?) first WHERE place = 1 ORDER BY lemma"),
        {qint64(image)});
    QList<Absence> absences;
    while (rows.next()) {
        absences.append({rows.value(0).toString(), rows.value(1).toString(), rows.value(2).toInt(),
                         rows.value(3).toInt()});
    }
    return absences;
}

QList<ImageId> TagRepository::pendingByDoubt() const
{
    // A pair's belief is that of its surest candidate, as in candidateSql().
    QSqlQuery rows = execute(
        m_connection,
        QStringLiteral("SELECT image_id FROM (SELECT c.image_id, COALESCE(MAX(c.probability), "
                       "MAX(c.confidence)) AS belief FROM candidate c JOIN tag t ON t.id = "
                       "c.tag_id WHERE t.enabled = 1 AND c.state = 'pending' GROUP BY "
                       "c.image_id, c.tag_id) pair GROUP BY image_id ORDER BY MIN(belief), "
                       "image_id"));
    QList<ImageId> images;
    while (rows.next()) {
        images.append(ImageId{rows.value(0).toLongLong()});
    }
    return images;
}

std::optional<ImageTag> TagRepository::placeOf(CandidateId candidate) const
{
    QSqlQuery row =
        execute(m_connection, QStringLiteral("SELECT image_id, tag_id FROM candidate WHERE id = ?"),
                {qint64(candidate)});
    if (!row.next()) {
        return std::nullopt;
    }
    return ImageTag{ImageId{row.value(0).toLongLong()}, TagId{row.value(1).toLongLong()}};
}

std::optional<ImageId> TagRepository::nextPending(ImageId after) const
{
    const QString sql =
        QStringLiteral("SELECT c.image_id FROM candidate c JOIN tag t ON t.id = c.tag_id "
                       "WHERE t.enabled = 1 AND c.state = 'pending' AND c.image_id > ? "
                       "ORDER BY c.image_id LIMIT 1");
    for (const qint64 start : {qint64(after), qint64(0)}) {
        QSqlQuery row = execute(m_connection, sql, {start});
        if (row.next()) {
            return ImageId{row.value(0).toLongLong()};
        }
    }
    return std::nullopt;
}

QList<Candidate> TagRepository::candidates() const
{
    return readCandidates(
        execute(m_connection, candidateSql({}, QStringLiteral("image_id, kind DESC, id"))));
}

QList<Candidate> TagRepository::disabledCandidates() const
{
    return readCandidates(execute(
        m_connection, candidateSql({}, QStringLiteral("image_id, kind DESC, id"), Tags::Disabled)));
}

QList<Candidate> TagRepository::candidatesWith(TagId tag) const
{
    return readCandidates(
        execute(m_connection,
                candidateSql(QStringLiteral("AND c.tag_id = ?"), QStringLiteral("confidence, id")),
                {qint64(tag)}));
}

} // namespace tagalign::db
