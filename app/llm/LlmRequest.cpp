#include "app/llm/LlmRequest.h"

#include "model/tags/LlmAnswer.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace tagalign::app {

namespace {

constexpr int kTokensPerCaption = 2'000; ///< a caption needs about 100: this stops the endless
constexpr int kMostTokens = 16'000;
constexpr qsizetype kLongestMessage = 300;

QJsonObject message(const QString& role, const QString& content)
{
    return {{QStringLiteral("role"), role}, {QStringLiteral("content"), content}};
}

QJsonObject responseFormat(LlmDialect::Format format)
{
    if (format == LlmDialect::Format::Object) {
        return {{QStringLiteral("type"), QStringLiteral("json_object")}};
    }
    const std::string_view schema = model::tags::llmAnswerSchema();
    return {
        {QStringLiteral("type"), QStringLiteral("json_schema")},
        {QStringLiteral("json_schema"),
         QJsonObject{{QStringLiteral("name"), QStringLiteral("caption_tags")},
                     {QStringLiteral("strict"), true},
                     {QStringLiteral("schema"),
                      QJsonDocument::fromJson(QByteArray(schema.data(), qsizetype(schema.size())))
                          .object()}}}};
}

QString cut(const QString& text)
{
    const QString simple = text.simplified();
    return simple.size() > kLongestMessage ? simple.left(kLongestMessage) + QStringLiteral("…")
                                           : simple;
}

} // namespace

QString LlmDialect::giveIn(const QString& message)
{
    const auto says = [&message](const char* word) {
        return message.contains(QLatin1String(word), Qt::CaseInsensitive);
    };
    if (format == Format::Schema &&
        (says("json_schema") || says("response_format") || says("schema"))) {
        format = Format::Object;
        return QCoreApplication::translate(
            "LanguageModel", "The server refuses answers by JSON schema; it is asked for plain "
                             "JSON instead, so that more answers may be malformed.");
    }
    if (format == Format::Object && (says("json_object") || says("response_format"))) {
        format = Format::None;
        return QCoreApplication::translate(
            "LanguageModel", "The server refuses structured answers; the prompt alone asks for "
                             "JSON, so that more answers may be malformed.");
    }
    if (hasTemperature && says("temperature")) {
        hasTemperature = false;
        return QCoreApplication::translate(
            "LanguageModel", "The model does not take a temperature; its answers may differ "
                             "from one time to the next.");
    }
    if (lengthField == QLatin1String("max_tokens") && says("max_tokens")) {
        lengthField = QStringLiteral("max_completion_tokens");
        return QCoreApplication::translate(
            "LanguageModel", "The server wants max_completion_tokens in place of max_tokens.");
    }
    return {};
}

QByteArray llmCaptionData(const QStringList& captions)
{
    QJsonArray list;
    for (const QString& caption : captions) {
        list.append(QJsonObject{{QStringLiteral("id"), list.size() + 1},
                                {QStringLiteral("text"), caption}});
    }
    return QJsonDocument(QJsonObject{{QStringLiteral("captions"), list}})
        .toJson(QJsonDocument::Compact);
}

QByteArray llmRequestBody(const QString& model, const LlmPrompt& prompt,
                          const QStringList& captions, const LlmDialect& dialect)
{
    QJsonObject body{
        {QStringLiteral("model"), model},
        {QStringLiteral("messages"),
         QJsonArray{message(QStringLiteral("system"), prompt.text),
                    message(QStringLiteral("user"), QString::fromUtf8(llmCaptionData(captions)))}},
        {QStringLiteral("stream"), false},
        {dialect.lengthField,
         int(std::min<qsizetype>(kTokensPerCaption * captions.size(), kMostTokens))}};
    if (dialect.hasTemperature) {
        body.insert(QStringLiteral("temperature"), 0);
    }
    if (dialect.format != LlmDialect::Format::None) {
        body.insert(QStringLiteral("response_format"), responseFormat(dialect.format));
    }
    return QJsonDocument(body).toJson(QJsonDocument::Compact);
}

QString llmRequestToKeep(const QByteArray& body, const LlmPrompt& prompt)
{
    QJsonObject kept = QJsonDocument::fromJson(body).object();
    QJsonArray messages = kept[QLatin1String("messages")].toArray();
    messages[0] = message(QStringLiteral("system"), QStringLiteral("prompt ") + prompt.version);
    kept[QLatin1String("messages")] = messages;
    const QJsonValue format = kept[QLatin1String("response_format")];
    if (format.isObject()) {
        kept[QLatin1String("response_format")] =
            QJsonObject{{QStringLiteral("type"), format[QLatin1String("type")]}};
    }
    return QString::fromUtf8(QJsonDocument(kept).toJson(QJsonDocument::Compact));
}

LlmReply readLlmReply(const QByteArray& body)
{
    QJsonParseError error{};
    const QJsonDocument document = QJsonDocument::fromJson(body, &error);
    if (!document.isObject()) {
        return {
            .problem =
                QCoreApplication::translate("LanguageModel", "the server's answer is no JSON (%1)")
                    .arg(error.error == QJsonParseError::NoError ? QStringLiteral("no object")
                                                                 : error.errorString())};
    }
    const QJsonObject usage = document[QLatin1String("usage")].toObject();
    LlmReply reply{.inputTokens = std::max(usage[QLatin1String("prompt_tokens")].toDouble(), 0.0),
                   .outputTokens =
                       std::max(usage[QLatin1String("completion_tokens")].toDouble(), 0.0)};
    const QJsonValue choice = document[QLatin1String("choices")].toArray().at(0);
    const QJsonValue said = choice[QLatin1String("message")];
    reply.content = said[QLatin1String("content")].toString();
    reply.isCutOff = choice[QLatin1String("finish_reason")].toString() == QLatin1String("length");
    const QString refusal = said[QLatin1String("refusal")].toString();
    if (!choice.isObject()) {
        reply.problem =
            QCoreApplication::translate("LanguageModel", "the server's answer holds no choice");
    } else if (!refusal.isEmpty()) {
        reply.problem = QCoreApplication::translate("LanguageModel", "the model declines: %1")
                            .arg(cut(refusal));
    } else if (reply.isCutOff) {
        reply.problem = QCoreApplication::translate(
            "LanguageModel", "the answer was cut off at the limit of tokens");
    } else if (reply.content.trimmed().isEmpty()) {
        reply.problem = QCoreApplication::translate("LanguageModel", "the model's answer is empty");
    }
    return reply;
}

QString llmErrorMessage(const QByteArray& body)
{
    const QJsonDocument document = QJsonDocument::fromJson(body);
    const QJsonValue error = document[QLatin1String("error")];
    for (const QJsonValue& said :
         {error[QLatin1String("message")], error, document[QLatin1String("message")],
          document[QLatin1String("detail")]}) {
        if (said.isString()) {
            return cut(said.toString());
        }
    }
    return document.isNull() ? cut(QString::fromUtf8(body.left(4 * kLongestMessage))) : QString();
}

} // namespace tagalign::app
