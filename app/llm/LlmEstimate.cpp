#include "app/llm/LlmEstimate.h"

#include "app/llm/LlmRequest.h"
#include "app/llm/LlmTagJob.h"
#include "db/ModelAnswerRepository.h"
#include "db/TagRepository.h"

#include <QCoreApplication>
#include <QSet>

#include <algorithm>
#include <cmath>

namespace tagalign::app {

namespace {

constexpr double kLatinPerToken = 4.0;
constexpr double kFramingTokens = 10.0; ///< of a request's messages
constexpr double kOutputPerToken = 8.0; ///< an answer names, places and nests each word
constexpr double kOutputPerCaption = 20.0;
constexpr double kGuessedTokensPerSecond = 50.0; ///< that a server writes

QString tokensText(double tokens)
{
    return tokens < 1e6 ? QCoreApplication::translate("LanguageModel", "%1 thousand")
                              .arg(tokens / 1e3, 0, 'f', tokens < 1e4 ? 1 : 0)
                        : QCoreApplication::translate("LanguageModel", "%1 million")
                              .arg(tokens / 1e6, 0, 'f', 1);
}

QString timeText(double seconds)
{
    if (seconds < 90.0) {
        return QCoreApplication::translate("LanguageModel", "%1 s").arg(std::ceil(seconds));
    }
    return seconds < 5400.0
               ? QCoreApplication::translate("LanguageModel", "%1 min").arg(std::ceil(seconds / 60))
               : QCoreApplication::translate("LanguageModel", "%1 h")
                     .arg(seconds / 3600.0, 0, 'f', 1);
}

} // namespace

double estimatedTokens(const QString& text)
{
    const auto latin = std::count_if(text.begin(), text.end(),
                                     [](QChar letter) { return letter.unicode() < 0x250; });
    return double(latin) / kLatinPerToken + double(text.size() - latin);
}

LlmEstimate estimateLlm(const db::Database& database, const LlmSettings& settings,
                        const LlmPrompt& prompt)
{
    const auto captions =
        db::TagRepository(database.connection())
            .unparsedCaptions(QLatin1String(kLlmParser), settings.model, prompt.version);
    const db::ModelAnswerRepository answers(database.connection());
    LlmEstimate estimate{.captions = int(captions.size())};
    QSet<QString> seen;
    double captionTokens = 0.0;
    for (const db::Caption& caption : captions) {
        if (!seen.contains(caption.text)) {
            seen.insert(caption.text);
            if (!answers.find(caption.text, settings.model, prompt.version)) {
                ++estimate.texts;
                captionTokens += estimatedTokens(caption.text);
            }
        }
    }
    const int batch = std::max(settings.captionsPerRequest, 1);
    estimate.requests = (estimate.texts + batch - 1) / batch;
    const auto used = answers.usage(settings.model, prompt.version);
    estimate.measuredOn = used.answers;
    const double texts = estimate.texts;
    const double perRequest =
        estimatedTokens(QString::fromUtf8(llmRequestBody(settings.model, prompt, {}, {}))) +
        kFramingTokens;
    estimate.inputTokens = used.inputTokens > 0.0 ? used.inputTokens * texts
                                                  : perRequest * estimate.requests + captionTokens;
    estimate.outputTokens = used.outputTokens > 0.0
                                ? used.outputTokens * texts
                                : kOutputPerCaption * texts + kOutputPerToken * captionTokens;
    const double sequential = used.answers > 0 ? used.milliseconds / 1e3 * texts
                                               : estimate.outputTokens / kGuessedTokensPerSecond;
    estimate.seconds = sequential / std::max(settings.concurrency, 1);
    estimate.dollars = settings.price(estimate.inputTokens, estimate.outputTokens);
    return estimate;
}

QString LlmEstimate::sentence(const LlmSettings& settings) const
{
    if (captions == 0) {
        return QCoreApplication::translate(
            "LanguageModel", "Every caption has been read with this model and prompt.");
    }
    if (texts == 0) {
        return QCoreApplication::translate("LanguageModel",
                                           "%1 captions to read; the answers are kept already, so "
                                           "that nothing is sent or paid.")
            .arg(captions);
    }
    const QString money =
        settings.inputPrice > 0.0 || settings.outputPrice > 0.0
            ? QCoreApplication::translate("LanguageModel", "$%1").arg(dollars, 0, 'f', 2)
            : QCoreApplication::translate("LanguageModel", "no price given");
    const QString basis =
        measuredOn > 0
            ? QCoreApplication::translate("LanguageModel",
                                          "An estimate, from the answers so far (%1).")
                  .arg(measuredOn)
            : QCoreApplication::translate(
                  "LanguageModel", "A rough estimate, before any answer: four letters for a token, "
                                   "50 tokens written a second. A test makes it better.");
    return QCoreApplication::translate(
               "LanguageModel",
               "%1 captions to read, %2 different texts to send in %3 requests: about %4 tokens "
               "in and %5 out, %6, %7. %8")
        .arg(captions)
        .arg(texts)
        .arg(requests)
        .arg(tokensText(inputTokens), tokensText(outputTokens), money, timeText(seconds), basis);
}

QString LlmEstimate::leaving(const LlmSettings& settings, bool hasKey) const
{
    if (texts == 0) {
        return QCoreApplication::translate("LanguageModel", "Nothing leaves this machine.");
    }
    const QUrl url = settings.chatUrl();
    QString sentence =
        isThisMachine(url)
            ? QCoreApplication::translate("LanguageModel",
                                          "The text of %1 captions and the prompt go to %2, a "
                                          "program on this machine; no pictures, file names or "
                                          "verdicts.")
                  .arg(texts)
                  .arg(url.toString())
            : QCoreApplication::translate("LanguageModel",
                                          "The text of %1 captions and the prompt go to %2; no "
                                          "pictures, file names or verdicts.")
                  .arg(texts)
                  .arg(url.toString());
    if (url.scheme() == QLatin1String("http") && !isThisMachine(url)) {
        sentence += QLatin1Char(' ') +
                    (hasKey ? QCoreApplication::translate("LanguageModel",
                                                          "They and the key are not encrypted on "
                                                          "the way (http).")
                            : QCoreApplication::translate("LanguageModel",
                                                          "They are not encrypted on the way "
                                                          "(http)."));
    }
    return sentence;
}

} // namespace tagalign::app
