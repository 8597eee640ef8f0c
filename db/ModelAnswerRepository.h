#pragma once

#include <QList>
#include <QSqlDatabase>
#include <QString>

#include <optional>

namespace tagalign::db {

/// What a language model wrote about one caption.
struct ModelAnswer
{
    QString caption; ///< its text
    QString request;
    QString answer;
    double inputTokens = 0.0; ///< this caption's share of the request's, as of all below
    double outputTokens = 0.0;
    double milliseconds = 0.0;
};

/// Means over the answers that there are.
struct ModelUsage
{
    int answers = 0;
    double inputTokens = 0.0;
    double outputTokens = 0.0;
    double milliseconds = 0.0;
};

/// Prompts by their version, and the answers of language models by caption, model and prompt, so
/// that none is paid for twice. Lives on the thread of its connection.
class ModelAnswerRepository
{
public:
    explicit ModelAnswerRepository(const QSqlDatabase& connection)
        : m_connection(connection)
    {
    }

    /// Keeps the text under its version; the same again changes nothing. @throws Error
    void addPrompt(const QString& version, const QString& text);
    [[nodiscard]] QString promptText(const QString& version) const; ///< empty if there is none

    /// Keeps answers, all or none; a newer one takes the place of an older. The prompt must be
    /// there. @throws Error
    void add(const QString& model, const QString& promptVersion, const QList<ModelAnswer>& answers);

    [[nodiscard]] std::optional<ModelAnswer> find(const QString& caption, const QString& model,
                                                  const QString& promptVersion) const;

    [[nodiscard]] ModelUsage usage(const QString& model, const QString& promptVersion) const;

private:
    QSqlDatabase m_connection;
};

} // namespace tagalign::db
