#include "db/ModelAnswerRepository.h"

#include "db/Statement.h"

#include <QCryptographicHash>

namespace tagalign::db {

namespace {

QString hashOf(const QString& caption)
{
    return QString::fromLatin1(
        QCryptographicHash::hash(caption.toUtf8(), QCryptographicHash::Sha256).toHex());
}

} // namespace

void ModelAnswerRepository::addPrompt(const QString& version, const QString& text)
{
    execute(m_connection,
            QStringLiteral("INSERT INTO prompt (version, text) VALUES (?, ?) "
                           "ON CONFLICT (version) DO NOTHING"),
            {version, text});
}

QString ModelAnswerRepository::promptText(const QString& version) const
{
    QSqlQuery row = execute(m_connection,
                            QStringLiteral("SELECT text FROM prompt WHERE version = ?"), {version});
    return row.next() ? row.value(0).toString() : QString();
}

void ModelAnswerRepository::add(const QString& model, const QString& promptVersion,
                                const QList<ModelAnswer>& answers)
{
    Transaction transaction(m_connection);
    for (const ModelAnswer& answer : answers) {
        execute(m_connection,
                QStringLiteral("INSERT INTO model_answer (caption_hash, model, prompt_version, "
                               "request, answer, input_tokens, output_tokens, milliseconds) "
                               "VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
                               "ON CONFLICT (caption_hash, model, prompt_version) DO UPDATE SET "
                               "request = excluded.request, answer = excluded.answer, "
                               "input_tokens = excluded.input_tokens, "
                               "output_tokens = excluded.output_tokens, "
                               "milliseconds = excluded.milliseconds"),
                {hashOf(answer.caption), model, promptVersion, answer.request, answer.answer,
                 answer.inputTokens, answer.outputTokens, answer.milliseconds});
    }
    transaction.commit();
}

std::optional<ModelAnswer> ModelAnswerRepository::find(const QString& caption, const QString& model,
                                                       const QString& promptVersion) const
{
    QSqlQuery row = execute(
        m_connection,
        QStringLiteral("SELECT request, answer, input_tokens, output_tokens, milliseconds FROM "
                       "model_answer WHERE caption_hash = ? AND model = ? AND "
                       "prompt_version = ?"),
        {hashOf(caption), model, promptVersion});
    if (!row.next()) {
        return std::nullopt;
    }
    return ModelAnswer{caption,
                       row.value(0).toString(),
                       row.value(1).toString(),
                       row.value(2).toDouble(),
                       row.value(3).toDouble(),
                       row.value(4).toDouble()};
}

ModelUsage ModelAnswerRepository::usage(const QString& model, const QString& promptVersion) const
{
    QSqlQuery row = execute(
        m_connection,
        QStringLiteral("SELECT COUNT(*), AVG(input_tokens), AVG(output_tokens), AVG(milliseconds) "
                       "FROM model_answer WHERE model = ? AND prompt_version = ?"),
        {model, promptVersion});
    row.next();
    return {row.value(0).toInt(), row.value(1).toDouble(), row.value(2).toDouble(),
            row.value(3).toDouble()};
}

} // namespace tagalign::db
