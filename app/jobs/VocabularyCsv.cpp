#include "app/jobs/VocabularyCsv.h"

#include "app/Error.h"
#include "app/User.h"
#include "app/jobs/TagJob.h"
#include "app/jobs/VocabularySettings.h"
#include "db/TagRepository.h"
#include "db/VocabularyRepository.h"
#include "model/dataset/DelimitedText.h"

#include <QCoreApplication>
#include <QFile>
#include <QFileInfo>
#include <QHash>
#include <QSaveFile>
#include <QStringDecoder>

#include <algorithm>
#include <optional>
#include <sstream>

namespace tagalign::app {

namespace {

const QStringList kColumns{"kind",    "tag",         "display", "class",  "priority", "use",
                           "english", "merged_into", "parent",  "images", "accepted", "rejected"};

/// Sentences for people.
struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Vocabulary)
};

QString useName(db::TagUse use)
{
    return use == db::TagUse::On    ? QStringLiteral("on")
           : use == db::TagUse::Off ? QStringLiteral("off")
                                    : QStringLiteral("auto");
}

std::optional<db::TagUse> useNamed(const QString& name)
{
    for (const db::TagUse use : {db::TagUse::Automatic, db::TagUse::On, db::TagUse::Off}) {
        if (useName(use) == name) {
            return use;
        }
    }
    return std::nullopt;
}

/// Would a spreadsheet take it for a formula, or was it written so that it would not?
bool isLikeFormula(const QString& text)
{
    static const QString kStarts = QStringLiteral("=+-@\t\r");
    const auto first =
        std::find_if(text.begin(), text.end(), [](QChar c) { return c != QLatin1Char('\''); });
    return first != text.end() && kStarts.contains(*first);
}

QString cell(const QString& text)
{
    QString safe = isLikeFormula(text) ? QLatin1Char('\'') + text : text;
    const bool isQuoted = safe.contains(QLatin1Char(',')) || safe.contains(QLatin1Char('"')) ||
                          safe.contains(QLatin1Char('\n')) || safe.contains(QLatin1Char('\r')) ||
                          safe.startsWith(QLatin1Char(' ')) || safe.endsWith(QLatin1Char(' '));
    return isQuoted ? QLatin1Char('"') + safe.replace(QLatin1Char('"'), QStringLiteral("\"\"")) +
                          QLatin1Char('"')
                    : safe;
}

QString rowOf(const QStringList& fields)
{
    QStringList cells;
    for (const QString& field : fields) {
        cells.append(cell(field));
    }
    return cells.join(QLatin1Char(',')) + QStringLiteral("\r\n");
}

QString lemmaOf(const std::optional<db::TagId>& tag, const QList<db::VocabularyTag>& tags)
{
    const auto found = std::find_if(tags.begin(), tags.end(),
                                    [&tag](const auto& each) { return tag == each.tag.id; });
    return found == tags.end() ? QString() : found->tag.lemma;
}

struct Row
{
    int line = 0;
    QHash<QString, QString> cells; ///< by column

    [[nodiscard]] QString key() const { return cells["kind"] + QLatin1Char(':') + cells["tag"]; }
};

/// Reads and applies a file, row by row; a bad one is noted and the rest goes on.
class Importer
{
public:
    Importer(const db::Database& database, db::VocabularyStep& step)
        : m_repository(database.connection()),
          m_step(step)
    {
        reload();
    }

    void read(std::istream& stream, const QString& file);
    void apply();

    [[nodiscard]] VocabularyImport result();

private:
    void reload();
    void readHeader(const std::vector<std::string>& fields, const QString& file);
    void readRow(const std::vector<std::string>& fields, int line);
    void merge(const Row& row);
    void edit(const Row& row);
    void rollUp(const Row& row);
    [[nodiscard]] db::TagEdit editOf(const Row& row, const db::VocabularyTag& tag) const;
    [[nodiscard]] const db::VocabularyTag& tagOf(const Row& row, const QString& lemma) const;
    void forEachRow(void (Importer::*work)(const Row&));

    db::VocabularyRepository m_repository;
    db::VocabularyStep& m_step;
    QList<db::VocabularyTag> m_tags;
    QHash<QString, qsizetype> m_places;   ///< by Row::key()
    QHash<QString, QString> m_mergedInto; ///< key -> lemma
    QStringList m_columns;
    QList<Row> m_rows;
    QHash<QString, int> m_lines; ///< of rows, by key
    QSet<QString> m_changed;
    QSet<int> m_refused;
    VocabularyImport m_result;
};

void Importer::reload()
{
    m_tags = m_repository.tags();
    m_places.clear();
    m_mergedInto.clear();
    for (qsizetype i = 0; i < m_tags.size(); ++i) {
        const QString kind = db::kindName(m_tags.at(i).tag.kind) + QLatin1Char(':');
        m_places.insert(kind + m_tags.at(i).tag.lemma, i);
        for (const QString& lemma : m_tags.at(i).merged) {
            m_mergedInto.insert(kind + lemma, m_tags.at(i).tag.lemma);
        }
    }
}

void Importer::readHeader(const std::vector<std::string>& fields, const QString& file)
{
    for (const std::string& field : fields) {
        m_columns.append(QString::fromStdString(field).simplified().toLower());
    }
    if (!m_columns.contains(QLatin1String("kind")) || !m_columns.contains(QLatin1String("tag"))) {
        throw errorOf(
            Text::tr("%1 has no columns \"kind\" and \"tag\" in its first line; export the "
                     "vocabulary to see the form")
                .arg(file));
    }
}

void Importer::readRow(const std::vector<std::string>& fields, int line)
{
    if (fields.size() == 1 && fields.front().empty()) {
        return;
    }
    ++m_result.rows;
    const auto refuse = [&](const QString& reason) { m_result.problems.append({line, reason}); };
    if (qsizetype(fields.size()) != m_columns.size()) {
        refuse(Text::tr("it has %1 fields, the first line %2")
                   .arg(fields.size())
                   .arg(m_columns.size()));
        return;
    }
    Row row{.line = line};
    for (qsizetype i = 0; i < m_columns.size(); ++i) {
        QStringDecoder decode(QStringDecoder::Utf8);
        const QString text = decode(QByteArray::fromStdString(fields[std::size_t(i)]));
        if (decode.hasError()) {
            refuse(Text::tr("\"%1\" is not UTF-8").arg(m_columns.at(i)));
            return;
        }
        const bool isMarked = text.startsWith(QLatin1Char('\'')) && isLikeFormula(text);
        row.cells.insert(m_columns.at(i), isMarked ? text.mid(1) : text);
    }
    if (const auto before = m_lines.constFind(row.key()); before != m_lines.cend()) {
        refuse(Text::tr("\"%1\" stands in line %2 already").arg(row.cells["tag"]).arg(*before));
        return;
    }
    m_lines.insert(row.key(), line);
    m_rows.append(row);
}

void Importer::read(std::istream& stream, const QString& file)
{
    model::dataset::DelimitedText text(stream, ',');
    try {
        while (const auto fields = text.next()) {
            m_columns.isEmpty() ? readHeader(*fields, file) : readRow(*fields, int(text.line()));
        }
    } catch (const model::FormatError& error) { // what follows cannot be told apart any more
        m_result.problems.append({int(text.line()), QString::fromUtf8(error.what())});
    }
    if (m_columns.isEmpty()) {
        throw errorOf(Text::tr("%1 is empty; export the vocabulary to see the form").arg(file));
    }
}

const db::VocabularyTag& Importer::tagOf(const Row& row, const QString& lemma) const
{
    const auto place = m_places.constFind(row.cells["kind"] + QLatin1Char(':') + lemma);
    if (place == m_places.cend()) {
        throw db::Refusal(Text::tr("the project has no %1 \"%2\"").arg(row.cells["kind"], lemma));
    }
    return m_tags.at(*place);
}

void Importer::merge(const Row& row)
{
    const QString kept = row.cells["merged_into"];
    if (kept.isEmpty() || m_mergedInto.value(row.key()) == kept) {
        return;
    }
    m_step.merge(tagOf(row, row.cells["tag"]).tag.id, tagOf(row, kept).tag.id);
    m_changed.insert(row.key());
    reload();
}

db::TagEdit Importer::editOf(const Row& row, const db::VocabularyTag& tag) const
{
    db::TagEdit edit{.tag = tag.tag.id};
    const auto differs = [&row](const QString& column, const QString& present) {
        return row.cells.contains(column) && row.cells[column] != present;
    };
    if (differs("display", tag.tag.display)) {
        edit.display = row.cells["display"];
    }
    if (differs("class", tag.tag.tagClass)) {
        edit.tagClass = row.cells["class"];
    }
    if (differs("english", tag.tag.english)) {
        edit.english = row.cells["english"];
    }
    if (row.cells.contains("priority")) {
        bool isNumber = false;
        const double priority = row.cells["priority"].toDouble(&isNumber);
        if (!isNumber) {
            throw db::Refusal(
                Text::tr("\"%1\" is no priority; write a number").arg(row.cells["priority"]));
        }
        if (priority != tag.tag.priority) {
            edit.priority = priority;
        }
    }
    if (row.cells.contains("use")) {
        const auto use = useNamed(row.cells["use"]);
        if (!use) {
            throw db::Refusal(
                Text::tr("\"%1\" is no use; write on, off or auto").arg(row.cells["use"]));
        }
        if (*use != tag.use) {
            edit.use = use;
        }
    }
    return edit;
}

void Importer::edit(const Row& row)
{
    if (!row.cells["merged_into"].isEmpty()) {
        return;
    }
    const db::TagEdit edit = editOf(row, tagOf(row, row.cells["tag"]));
    if (edit.display || edit.tagClass || edit.english || edit.priority || edit.use) {
        m_step.edit(edit);
        m_changed.insert(row.key());
    }
}

void Importer::rollUp(const Row& row)
{
    if (!row.cells["merged_into"].isEmpty() || !row.cells.contains("parent")) {
        return;
    }
    const db::VocabularyTag& tag = tagOf(row, row.cells["tag"]);
    const QString parent = row.cells["parent"];
    if (parent == lemmaOf(tag.parent, m_tags)) {
        return;
    }
    if (parent.isEmpty()) {
        throw db::Refusal(
            Text::tr("\"%1\" counts as \"%2\"; take that step back instead of leaving the "
                     "parent out")
                .arg(tag.tag.lemma, tag.parentName));
    }
    if (tag.parent) { // before the new parent is made
        throw db::Refusal(Text::tr("\"%1\" counts as \"%2\" already; take that step back first")
                              .arg(tag.tag.lemma, tag.parentName));
    }
    const db::TagId child = tag.tag.id;
    m_step.rollUp(child, m_step.tagNamed(tag.tag.kind, parent));
    m_changed.insert(row.key());
    reload();
}

void Importer::forEachRow(void (Importer::*work)(const Row&))
{
    for (const Row& row : m_rows) {
        if (m_refused.contains(row.line)) {
            continue;
        }
        try {
            (this->*work)(row);
        } catch (const db::Refusal& refused) {
            m_refused.insert(row.line);
            m_result.problems.append({row.line, QString::fromUtf8(refused.what())});
        }
    }
}

void Importer::apply()
{
    forEachRow(&Importer::merge);
    forEachRow(&Importer::edit);
    forEachRow(&Importer::rollUp);
}

VocabularyImport Importer::result()
{
    m_result.changed = int(m_changed.size());
    std::stable_sort(m_result.problems.begin(), m_result.problems.end(),
                     [](const auto& a, const auto& b) { return a.line < b.line; });
    return m_result;
}

} // namespace

QByteArray vocabularyCsv(const db::Database& database)
{
    const QList<db::VocabularyTag> tags = db::VocabularyRepository(database.connection()).tags();
    QString text = rowOf(kColumns);
    for (const db::VocabularyTag& each : tags) {
        const db::Tag& tag = each.tag;
        text += rowOf({db::kindName(tag.kind), tag.lemma, tag.display, tag.tagClass,
                       QString::number(tag.priority, 'g', QLocale::FloatingPointShortest),
                       useName(each.use), tag.english, QString(), lemmaOf(each.parent, tags),
                       QString::number(tag.images), QString::number(tag.accepted),
                       QString::number(tag.rejected)});
    }
    for (const db::VocabularyTag& each : tags) {
        for (const QString& lemma : each.merged) {
            QStringList cells{db::kindName(each.tag.kind), lemma};
            cells.resize(kColumns.size());
            cells[kColumns.indexOf("merged_into")] = each.tag.lemma;
            text += rowOf(cells);
        }
    }
    return text.toUtf8();
}

void exportVocabulary(const db::Database& database, const QString& file)
{
    const QByteArray bytes = vocabularyCsv(database);
    QSaveFile target(file);
    if (!target.open(QIODevice::WriteOnly) || target.write(bytes) != bytes.size() ||
        !target.commit()) {
        throw errorOf(Text::tr("%1 cannot be written: %2; choose another place")
                          .arg(file, target.errorString()));
    }
}

QString VocabularyImport::sentence() const
{
    const QString done = Text::tr("%1 rows read, %n tags changed.", nullptr, changed).arg(rows);
    return problems.isEmpty()
               ? done
               : done + QLatin1Char(' ') +
                     Text::tr("%n rows were refused.", nullptr, int(problems.size()));
}

VocabularyImport importVocabulary(const db::Database& database, const QString& file)
{
    QFile source(file);
    if (!source.open(QIODevice::ReadOnly)) {
        throw errorOf(
            Text::tr("%1 cannot be read: %2; choose another file").arg(file, source.errorString()));
    }
    std::istringstream stream(source.readAll().toStdString());
    VocabularyImport result;
    {
        db::VocabularyStep step(database.connection(), userName(), QStringLiteral("import"));
        Importer importer(database, step);
        importer.read(stream, file);
        importer.apply();
        result = importer.result();
        (void)step.commit(Text::tr("%1 imported: %n tags changed.", nullptr, result.changed)
                              .arg(QFileInfo(file).fileName()));
    }
    enableFrequentTags(database);
    return result;
}

} // namespace tagalign::app
