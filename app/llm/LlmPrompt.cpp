#include "app/llm/LlmPrompt.h"

#include "app/Error.h"
#include "model/tags/LlmAnswer.h"

#include <QCryptographicHash>
#include <QFile>

namespace tagalign::app {

namespace {

const QString kStored = QStringLiteral("llm/prompt");
constexpr qsizetype kLongest = 65'536; ///< characters

QString versionOf(const QString& text)
{
    const std::string_view schema = model::tags::llmAnswerSchema();
    QCryptographicHash hash(QCryptographicHash::Sha256);
    hash.addData(text.toUtf8() + '\0' + QByteArray(schema.data(), qsizetype(schema.size())));
    return QString::fromLatin1(hash.result().toHex().left(12));
}

} // namespace

bool LlmPrompt::isDefault() const
{
    return version == standard().version;
}

LlmPrompt LlmPrompt::standard()
{
    QFile file(QStringLiteral(":/prompts/caption_tags.txt"));
    if (!file.open(QIODevice::ReadOnly)) {
        throw errorOf(QStringLiteral("the prompt is missing from the program; install it again"));
    }
    return of(QString::fromUtf8(file.readAll()));
}

LlmPrompt LlmPrompt::of(const QString& text)
{
    const QString trimmed = text.trimmed();
    if (trimmed.isEmpty() || trimmed.size() > kLongest) {
        throw errorOf(QStringLiteral("the prompt is %1 characters long, expected 1 to %2")
                          .arg(trimmed.size())
                          .arg(kLongest));
    }
    return {trimmed, versionOf(trimmed)};
}

LlmPrompt LlmPrompt::load(const db::Database& database)
{
    const QString stored = database.setting(kStored);
    return stored.trimmed().isEmpty() ? standard() : of(stored);
}

void LlmPrompt::save(db::Database& database) const
{
    database.setSetting(kStored, isDefault() ? QStringLiteral("") : text);
}

} // namespace tagalign::app
