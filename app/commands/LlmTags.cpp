#include "app/commands/LlmTags.h"

#include "app/Error.h"
#include "app/User.h"
#include "app/llm/LlmEstimate.h"
#include "app/llm/LlmKey.h"
#include "app/llm/LlmTagJob.h"
#include "db/ParserRunRepository.h"

#include <CLI/CLI.hpp>

#include <QFile>
#include <QJsonArray>

#include <iostream>
#include <unistd.h>

namespace tagalign::app {

namespace {

LlmSettings settingsOf(const db::Database& database, const LlmOptions& options)
{
    LlmSettings settings = LlmSettings::load(database);
    if (!options.endpoint.empty()) {
        settings.endpoint = QString::fromStdString(options.endpoint);
    }
    if (!options.model.empty()) {
        settings.model = QString::fromStdString(options.model);
    }
    if (settings.endpoint.isEmpty()) {
        throw errorOf(QStringLiteral("no endpoint is named; add --endpoint, for example "
                                     "http://localhost:11434/v1"));
    }
    settings.concurrency = options.concurrency.value_or(settings.concurrency);
    settings.captionsPerRequest = options.captionsPerRequest.value_or(settings.captionsPerRequest);
    settings.timeoutMs =
        options.timeoutSeconds ? int(*options.timeoutSeconds * 1000.0) : settings.timeoutMs;
    settings.inputPrice = options.inputPrice.value_or(settings.inputPrice);
    settings.outputPrice = options.outputPrice.value_or(settings.outputPrice);
    settings.check();
    return settings;
}

LlmPrompt promptOf(const db::Database& database, const LlmOptions& options)
{
    if (!options.promptText.empty()) {
        return LlmPrompt::of(QString::fromStdString(options.promptText));
    }
    if (options.promptFile.empty()) {
        return LlmPrompt::load(database);
    }
    QFile file(QString::fromStdString(options.promptFile));
    if (!file.open(QIODevice::ReadOnly)) {
        throw errorOf(QStringLiteral("%1: cannot be read (%2); --prompt takes a text file")
                          .arg(file.fileName(), file.errorString()));
    }
    return LlmPrompt::of(QString::fromUtf8(file.readAll()));
}

QJsonObject jsonOf(const LlmEstimate& estimate, const LlmSettings& settings,
                   const LlmPrompt& prompt)
{
    return {{QStringLiteral("endpoint"), settings.chatUrl().toString()},
            {QStringLiteral("model"), settings.model},
            {QStringLiteral("prompt"), prompt.version},
            {QStringLiteral("captions"), estimate.captions},
            {QStringLiteral("texts"), estimate.texts},
            {QStringLiteral("requests"), estimate.requests},
            {QStringLiteral("inputTokens"), estimate.inputTokens},
            {QStringLiteral("outputTokens"), estimate.outputTokens},
            {QStringLiteral("dollars"), estimate.dollars},
            {QStringLiteral("seconds"), estimate.seconds},
            {QStringLiteral("measuredOn"), estimate.measuredOn}};
}

QJsonObject jsonOf(const LlmSummary& summary)
{
    QJsonArray failures;
    for (const LlmFailure& failure : summary.failures) {
        failures.append(QJsonObject{{QStringLiteral("caption"), failure.caption},
                                    {QStringLiteral("reason"), failure.reason}});
    }
    return {{QStringLiteral("captions"), summary.captions},
            {QStringLiteral("fromKept"), summary.fromKept},
            {QStringLiteral("requests"), summary.requests},
            {QStringLiteral("inputTokens"), summary.inputTokens},
            {QStringLiteral("outputTokens"), summary.outputTokens},
            {QStringLiteral("dollars"), summary.dollars},
            {QStringLiteral("tagsInferred"), summary.tagsInferred},
            {QStringLiteral("tagsFound"), summary.tagsFound},
            {QStringLiteral("tagsEnabled"), summary.tagsEnabled},
            {QStringLiteral("seconds"), summary.seconds},
            {QStringLiteral("failures"), failures},
            {QStringLiteral("notes"), QJsonArray::fromStringList(summary.notes)}};
}

/// Nothing is sent that nobody agreed to.
bool isAgreed(const LlmOptions& options, Console& console)
{
    if (options.yes) {
        return true;
    }
    if (::isatty(STDIN_FILENO) == 0) {
        console.say(QStringLiteral("Nothing was sent. Add --yes to start."));
        return false;
    }
    std::cerr << "Start? [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

int told(const LlmSummary& summary, const LlmOptions& options, const QJsonObject& estimate,
         Console& console)
{
    for (const QString& note : summary.notes) {
        console.say(note);
    }
    for (const LlmFailure& failure : summary.failures) {
        console.say(QStringLiteral("  \"%1\": %2; skipped").arg(failure.caption, failure.reason));
    }
    if (options.json) {
        QJsonObject result = jsonOf(summary);
        result.insert(QStringLiteral("estimate"), estimate);
        printJson(result);
    } else {
        print(summary.sentence());
    }
    return summary.captions == 0 && !summary.failures.isEmpty() ? kFailed : kDone;
}

} // namespace

void LlmOptions::addTo(CLI::App& verb)
{
    const std::string group = "With --parser llm";
    verb.add_option("--endpoint", endpoint, "OpenAI-compatible server: http://localhost:11434/v1")
        ->group(group);
    verb.add_option("--model", model, "Its name at the endpoint")->group(group);
    verb.add_option("--prompt", promptFile, "Text file in place of the project's prompt")
        ->group(group);
    verb.add_option("--concurrency", concurrency, "Requests at once, 1 to 16")->group(group);
    verb.add_option("--captions-per-request", captionsPerRequest,
                    "1 to 50; more are cheaper, but one may colour how another is read")
        ->group(group);
    verb.add_option("--timeout", timeoutSeconds, "Seconds to wait for an answer")->group(group);
    verb.add_option("--input-price", inputPrice, "US dollars for a million tokens in")
        ->group(group);
    verb.add_option("--output-price", outputPrice, "US dollars for a million tokens out")
        ->group(group);
    verb.add_flag("--estimate", estimate, "Only say what would be sent and cost")->group(group);
    verb.add_flag("--yes", yes, "Start without asking")->group(group);
    verb.add_flag("--json", json, "Print the result as JSON")->group(group);
}

int readTagsWithLlm(const Project& project, const LlmOptions& options, Console& console)
{
    db::Database database(project.databaseFile());
    const LlmSettings settings = settingsOf(database, options);
    const LlmPrompt prompt = promptOf(database, options);
    const LlmEstimate estimate = estimateLlm(database, settings, prompt);
    const QJsonObject estimateJson = jsonOf(estimate, settings, prompt);
    const LlmKey key = estimate.texts > 0 ? findKeyNow(settings) : LlmKey();
    console.say(estimate.sentence(settings));
    console.say(estimate.leaving(settings, !key.value.isEmpty()));
    console.say(QStringLiteral("Key: %1. Prompt: version %2.").arg(keyStatus(key), prompt.version));
    if (options.estimate) {
        if (options.json) {
            printJson(estimateJson);
        }
        return kDone;
    }
    if (estimate.texts > 0 && !isAgreed(options, console)) {
        return kUsage;
    }
    settings.save(database);
    prompt.save(database);
    if (options.readAll) {
        db::ParserRunRepository runs(database.connection());
        runs.prepareToReadAgain(
            runs.start(QLatin1String(kLlmParser), settings.model, prompt.version, userName()),
            userName());
    }
    return told(readTagsWithLlm(project, settings, prompt, key.value, console), options,
                estimateJson, console);
}

} // namespace tagalign::app
