#include "app/llm/LlmTagJob.h"

#include "app/Error.h"
#include "app/User.h"
#include "app/jobs/Splits.h"
#include "app/jobs/TagJob.h"
#include "app/llm/LlmClient.h"
#include "db/ModelAnswerRepository.h"
#include "db/ParserRunRepository.h"
#include "db/TagRepository.h"
#include "model/tags/LlmAnswer.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QHash>
#include <QLockFile>

#include <QScopeGuard>

#include <algorithm>
#include <deque>
#include <utility>

namespace tagalign::app {

namespace {

constexpr qsizetype kBatch = 200; ///< captions stored together, where nothing is waited for
constexpr int kReadings = 2;      ///< answers about one caption before it is given up

model::tags::LlmReading readingOf(const db::ModelAnswer& kept, const model::tags::WordNet& wordNet)
{
    return model::tags::readLlmPart(kept.answer.toStdString(), kept.caption.toStdString(), wordNet);
}

QList<model::tags::LlmReading> readingsOf(const QStringList& captions, const LlmResult& result,
                                          const model::tags::WordNet& wordNet)
{
    if (!result.reply.problem.isEmpty()) {
        return QList<model::tags::LlmReading>(captions.size(),
                                              {.problem = result.reply.problem.toStdString()});
    }
    std::vector<std::string> texts;
    for (const QString& caption : captions) {
        texts.push_back(caption.toStdString());
    }
    const auto readings =
        model::tags::readLlmAnswer(result.reply.content.toStdString(), texts, wordNet);
    return {readings.begin(), readings.end()};
}

db::ModelAnswer answerOf(const QStringList& captions, qsizetype place,
                         const model::tags::LlmReading& reading, const LlmResult& result,
                         const LlmPrompt& prompt)
{
    const double share = 1.0 / double(captions.size());
    return {captions.at(place),
            llmRequestToKeep(result.request, prompt),
            QString::fromStdString(reading.text),
            result.reply.inputTokens * share,
            result.reply.outputTokens * share,
            result.milliseconds * share};
}

/// One run over a project.
class LlmReader
{
public:
    LlmReader(const Project& project, const LlmSettings& settings, const LlmPrompt& prompt,
              JobContext& context)
        : m_settings(settings),
          m_prompt(prompt),
          m_context(context),
          m_database(project.databaseFile()),
          m_tags(m_database.connection()),
          m_answers(m_database.connection())
    {
        m_timer.start();
        assignSplits(m_database); // an import that was killed did not come to it
        m_answers.addPrompt(prompt.version, prompt.text);
        for (const db::Caption& caption :
             m_tags.unparsedCaptions(QLatin1String(kLlmParser), settings.model, prompt.version)) {
            QList<db::Caption>& same = m_captionsOf[caption.text];
            if (same.isEmpty()) {
                m_texts.push_back(caption.text);
            }
            same.append(caption);
            ++m_total;
        }
        if (m_total > 0) {
            m_run =
                db::ParserRunRepository(m_database.connection())
                    .start(QLatin1String(kLlmParser), settings.model, prompt.version, userName());
        }
    }

    /// What was answered in an earlier run, or about the same text elsewhere.
    void takeKept()
    {
        std::deque<QString> open;
        QList<db::NewParse> batch;
        for (const QString& text : m_texts) {
            const auto kept = m_answers.find(text, m_settings.model, m_prompt.version);
            const auto reading = kept ? readingOf(*kept, m_wordNet) : model::tags::LlmReading();
            if (!reading.parsed) {
                open.push_back(text);
                continue;
            }
            batch += parsesOf(text, *reading.parsed, *kept);
            m_summary.fromKept += int(m_captionsOf.value(text).size());
            if (batch.size() >= kBatch) {
                store(std::exchange(batch, {}));
                m_context.step(progress(0));
            }
        }
        store(batch);
        m_texts = std::move(open);
    }

    void ask(const QByteArray& key)
    {
        if (m_texts.empty()) {
            return;
        }
        LlmClient client(m_settings, m_prompt, key, m_context);
        const auto count = qScopeGuard([&] { m_summary.requests = client.requestsSent(); });
        client.run({.next = [this] { return nextRequest(); },
                    .onResult = [this](const QStringList& captions,
                                       const LlmResult& result) { take(captions, result); },
                    .onNote = [this](const QString& note) { m_summary.notes.append(note); },
                    .onTick = [&] { m_context.report(progress(client.waitLeftMs())); }});
    }

    /// Every caption had its turn.
    void closeRun()
    {
        if (m_run) {
            db::ParserRunRepository(m_database.connection()).finish(*m_run);
        }
    }

    LlmSummary finish()
    {
        m_summary.tagsEnabled = enableFrequentTags(m_database);
        m_summary.tagsFound = int(m_tags.tags().size());
        m_summary.seconds = double(m_timer.elapsed()) / 1000.0;
        return m_summary;
    }

private:
    /// First those that are new, some together; then those whose answers were bad, one by one.
    std::optional<QStringList> nextRequest()
    {
        QStringList captions;
        while (!m_texts.empty() && captions.size() < m_settings.captionsPerRequest) {
            captions.append(m_texts.front());
            m_texts.pop_front();
        }
        if (captions.isEmpty() && !m_again.empty()) {
            captions.append(m_again.front());
            m_again.pop_front();
        }
        return captions.isEmpty() ? std::nullopt : std::optional(captions);
    }

    void take(const QStringList& captions, const LlmResult& result)
    {
        count(result);
        const QList<model::tags::LlmReading> readings = readingsOf(captions, result, m_wordNet);
        QList<db::NewParse> parses;
        QList<db::ModelAnswer> answers;
        for (qsizetype i = 0; i < captions.size(); ++i) {
            const model::tags::LlmReading& reading = readings.at(i);
            if (reading.parsed) {
                answers.append(answerOf(captions, i, reading, result, m_prompt));
                parses += parsesOf(captions.at(i), *reading.parsed, answers.last());
            } else {
                refuse(captions, i, QString::fromStdString(reading.problem), result);
            }
        }
        m_answers.add(m_settings.model, m_prompt.version, answers);
        store(parses);
    }

    void count(const LlmResult& result)
    {
        m_summary.inputTokens += result.reply.inputTokens;
        m_summary.outputTokens += result.reply.outputTokens;
        m_summary.dollars = m_settings.price(m_summary.inputTokens, m_summary.outputTokens);
        const QString note = QCoreApplication::translate(
            "LanguageModel", "The server does not count tokens: what it costs is not known.");
        if (result.isFromModel && result.reply.inputTokens <= 0.0 &&
            !m_summary.notes.contains(note)) {
            m_summary.notes.append(note);
        }
    }

    /// Once more, alone, where the model was to blame and may do better.
    void refuse(const QStringList& captions, qsizetype place, const QString& problem,
                const LlmResult& result)
    {
        const QString& caption = captions.at(place);
        const bool isHopeless =
            !result.isFromModel || (result.reply.isCutOff && captions.size() == 1);
        if (!isHopeless && ++m_readings[caption] < kReadings) {
            m_again.push_back(caption);
            return;
        }
        for (qsizetype i = 0; i < m_captionsOf.value(caption).size(); ++i) {
            m_summary.failures.append({caption, problem});
        }
    }

    QList<db::NewParse> parsesOf(const QString& text, const model::tags::ParsedCaption& parsed,
                                 const db::ModelAnswer& answer)
    {
        db::NewParse parse{.parser = QLatin1String(kLlmParser),
                           .parserVersion = m_settings.model,
                           .milliseconds = answer.milliseconds,
                           .promptVersion = m_prompt.version,
                           .request = answer.request,
                           .answer = answer.answer};
        for (const model::tags::ParsedTag& tag : parsed.tags) {
            parse.candidates.append(candidateOf(tag));
            m_summary.tagsInferred += tag.inferred ? 1 : 0;
        }
        QList<db::NewParse> parses;
        for (const db::Caption& caption : m_captionsOf.value(text)) {
            parse.caption = caption.id;
            parse.image = caption.image;
            parses.append(parse);
        }
        return parses;
    }

    void store(const QList<db::NewParse>& parses)
    {
        m_tags.addParses(parses);
        m_summary.captions += int(parses.size());
    }

    [[nodiscard]] JobProgress progress(qint64 waitMs) const
    {
        QString sentence = QCoreApplication::translate("LanguageModel", "Reading tags with %1")
                               .arg(m_settings.model);
        if (m_summary.dollars > 0.0) {
            sentence += QCoreApplication::translate("LanguageModel", ", $%1 so far")
                            .arg(m_summary.dollars, 0, 'f', m_summary.dollars < 0.1 ? 4 : 2);
        }
        if (!m_summary.failures.isEmpty()) {
            sentence += QCoreApplication::translate("LanguageModel", ", %1 skipped")
                            .arg(m_summary.failures.size());
        }
        if (waitMs >= 1000) {
            sentence +=
                QCoreApplication::translate("LanguageModel", ", waits %1 s as the server asks")
                    .arg((waitMs + 999) / 1000);
        }
        return {m_summary.captions + m_summary.failures.size(), m_total, sentence};
    }

    const LlmSettings& m_settings;
    const LlmPrompt& m_prompt;
    JobContext& m_context;
    QElapsedTimer m_timer;
    model::tags::WordNet m_wordNet;
    db::Database m_database;
    db::TagRepository m_tags;
    db::ModelAnswerRepository m_answers;
    QHash<QString, QList<db::Caption>> m_captionsOf; ///< by their text
    std::deque<QString> m_texts;                     ///< to be asked about
    std::deque<QString> m_again;                     ///< after a bad answer
    QHash<QString, int> m_readings;                  ///< bad answers so far
    qint64 m_total = 0;
    std::optional<db::ParserRunId> m_run;
    LlmSummary m_summary;
};

/// Two runs at once would pay twice.
class OnlyRun
{
public:
    explicit OnlyRun(const Project& project)
        : m_lock(project.folder() + QStringLiteral("/language-model.lock"))
    {
        m_lock.setStaleLockTime(0); // it is held for hours; one of a dead process is broken
        if (!m_lock.tryLock(0)) {
            throw errorOf(
                QStringLiteral("%1: another run reads its captions with a language model; "
                               "wait for it or stop it")
                    .arg(project.name()));
        }
    }

private:
    QLockFile m_lock;
};

} // namespace

QString LlmSummary::sentence() const
{
    QString text =
        QCoreApplication::translate("LanguageModel",
                                    "%1 captions read in %2 s (%3 by answers kept from before), %4 "
                                    "requests, %5 tokens in, %6 out")
            .arg(captions)
            .arg(seconds, 0, 'f', 1)
            .arg(fromKept)
            .arg(requests)
            .arg(inputTokens, 0, 'f', 0)
            .arg(outputTokens, 0, 'f', 0);
    if (dollars > 0.0) {
        text += QStringLiteral(", $%1").arg(dollars, 0, 'f', dollars < 0.1 ? 4 : 2);
    }
    return text + QCoreApplication::translate(
                      "LanguageModel", ". %1 tags, %2 of them frequent enough to use. %3 captions "
                                       "skipped.")
                      .arg(tagsFound)
                      .arg(tagsEnabled)
                      .arg(failures.size());
}

LlmSummary readTagsWithLlm(const Project& project, const LlmSettings& settings,
                           const LlmPrompt& prompt, const QByteArray& key, JobContext& context)
{
    settings.check();
    const OnlyRun lock(project);
    context.report({0, 0, QCoreApplication::translate("LanguageModel", "Loading the dictionary")});
    LlmReader reader(project, settings, prompt, context);
    try {
        reader.takeKept();
        reader.ask(key);
        reader.closeRun();
    } catch (...) {
        (void)reader.finish(); // rare tags of what was read are not for verifying yet
        throw;
    }
    LlmSummary summary = reader.finish();
    const qint64 done = summary.captions;
    context.report({done, done, summary.sentence()});
    return summary;
}

LlmTrial tryLlm(const Project& project, const LlmSettings& settings, const LlmPrompt& prompt,
                const QByteArray& key, JobContext& context)
{
    settings.check();
    const model::tags::WordNet wordNet;
    const db::Database database(project.databaseFile());
    db::ModelAnswerRepository answers(database.connection());
    answers.addPrompt(prompt.version, prompt.text);
    const auto captions = db::TagRepository(database.connection()).unparsedCaptions({}, {});
    if (captions.isEmpty()) {
        throw errorOf(
            QStringLiteral("%1: has no captions to try; import some first").arg(project.name()));
    }
    const auto open = std::find_if(captions.begin(), captions.end(), [&](const db::Caption& each) {
        return !answers.find(each.text, settings.model, prompt.version);
    });
    if (open == captions.end()) {
        const auto kept = *answers.find(captions.first().text, settings.model, prompt.version);
        const auto reading = readingOf(kept, wordNet);
        return {kept.caption,      reading.parsed.value_or(model::tags::ParsedCaption()),
                kept.answer,       QString::fromStdString(reading.problem),
                kept.milliseconds, true};
    }
    LlmTrial trial{.caption = open->text};
    QStringList left{open->text};
    LlmClient client(settings, prompt, key, context);
    client.run({.next = [&]() -> std::optional<QStringList> {
                    return left.isEmpty() ? std::nullopt
                                          : std::optional(std::exchange(left, QStringList()));
                },
                .onResult =
                    [&](const QStringList& asked, const LlmResult& result) {
                        const auto reading = readingsOf(asked, result, wordNet).first();
                        trial.answer = result.reply.content;
                        trial.problem = QString::fromStdString(reading.problem);
                        trial.milliseconds = result.milliseconds;
                        if (reading.parsed) {
                            trial.parsed = *reading.parsed;
                            answers.add(settings.model, prompt.version,
                                        {answerOf(asked, 0, reading, result, prompt)});
                        }
                    },
                .onNote = [](const QString&) {},
                .onTick = [] {}});
    return trial;
}

} // namespace tagalign::app
