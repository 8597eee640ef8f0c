#include "app/llm/LlmEstimate.h"
#include "app/llm/LlmKey.h"
#include "app/llm/LlmRequest.h"
#include "app/llm/LlmTagJob.h"
#include "db/ImageRepository.h"
#include "db/ModelAnswerRepository.h"
#include "model/Error.h"
#include "tests/app/support/Captions.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QScopeGuard>
#include <QTest>

#include <cmath>

using namespace tagalign;
using namespace tagalign::app;

/// Settings, prompts, bodies, estimates: what needs no server.
class TestLlmRequest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void endpointsBecomeAddresses_data();
    void endpointsBecomeAddresses();
    void badEndpointsAreRefused_data();
    void badEndpointsAreRefused();
    void settingsOutOfRangeAreRefused();
    void settingsAndPromptComeBack();
    void promptsHaveVersions();
    void keptRequestHasTheVersionInPlaceOfThePrompt();
    void serversMessagesAreFound_data();
    void serversMessagesAreFound();
    void dialectGivesInStepByStep();
    void tokensAreEstimated();
    void estimateCountsWhatIsLeft();
    void estimateFollowsMeasuredAnswers();
    void estimateSaysWhatLeaves();
    void keysComeFromTheEnvironment();
};

void TestLlmRequest::endpointsBecomeAddresses_data()
{
    QTest::addColumn<QString>("endpoint");
    QTest::addColumn<QString>("address");
    QTest::newRow("server") << "http://localhost:8080"
                            << "http://localhost:8080/v1/chat/completions";
    QTest::newRow("slash") << " http://localhost:8080/ "
                           << "http://localhost:8080/v1/chat/completions";
    QTest::newRow("base") << "https://api.openai.com/v1"
                          << "https://api.openai.com/v1/chat/completions";
    QTest::newRow("other base") << "https://openrouter.ai/api/v1/"
                                << "https://openrouter.ai/api/v1/chat/completions";
    QTest::newRow("whole") << "http://h/x/chat/completions"
                           << "http://h/x/chat/completions";
    QTest::newRow("with a query")
        << "https://h/openai/deployments/d?api-version=1"
        << "https://h/openai/deployments/d/chat/completions?api-version=1";
    QTest::newRow("escapes") << "http://h/a%2Fb/v1"
                             << "http://h/a%2Fb/v1/chat/completions";
}

void TestLlmRequest::endpointsBecomeAddresses()
{
    QFETCH(QString, endpoint);
    QFETCH(QString, address);
    QCOMPARE(LlmSettings{.endpoint = endpoint}.chatUrl().toString(QUrl::FullyEncoded), address);
}

void TestLlmRequest::badEndpointsAreRefused_data()
{
    QTest::addColumn<QString>("endpoint");
    for (const char* endpoint :
         {"", "localhost:8080", "ftp://host/v1", "http://", "file:///etc/passwd", "http://a b/",
          "http://user:secret@host/v1", "http://host/v1#x", "http://host/v1?api_key=secret"}) {
        QTest::newRow(endpoint) << endpoint;
    }
}

void TestLlmRequest::badEndpointsAreRefused()
{
    QFETCH(QString, endpoint);
    try {
        (void)LlmSettings{.endpoint = endpoint}.chatUrl();
        QFAIL("it was taken");
    } catch (const model::Error& error) {
        QVERIFY(QString(error.what()).contains("endpoint"));
        QVERIFY(!QString(error.what()).contains("secret"));
    }
}

void TestLlmRequest::settingsOutOfRangeAreRefused()
{
    const LlmSettings good{.endpoint = "http://localhost", .model = "m"};
    good.check();
    const auto refused = [](const LlmSettings& settings) {
        try {
            settings.check();
        } catch (const model::Error&) {
            return true;
        }
        return false;
    };
    using Change = void (*)(LlmSettings&);
    const QList<Change> changes{[](LlmSettings& s) { s.model = "  "; },
                                [](LlmSettings& s) { s.concurrency = 0; },
                                [](LlmSettings& s) { s.concurrency = 17; },
                                [](LlmSettings& s) { s.captionsPerRequest = 51; },
                                [](LlmSettings& s) { s.timeoutMs = 1; },
                                [](LlmSettings& s) { s.attempts = 0; },
                                [](LlmSettings& s) { s.inputPrice = -1; },
                                [](LlmSettings& s) { s.outputPrice = std::nan(""); }};
    for (const Change change : changes) {
        LlmSettings bad = good;
        change(bad);
        QVERIFY(refused(bad));
    }
}

void TestLlmRequest::settingsAndPromptComeBack()
{
    db::Database database(":memory:");
    QCOMPARE(LlmSettings::load(database).concurrency, LlmSettings().concurrency);
    QVERIFY(LlmPrompt::load(database).isDefault());
    LlmSettings{.endpoint = " http://h/v1 ",
                .model = "m",
                .concurrency = 7,
                .captionsPerRequest = 3,
                .timeoutMs = 5000,
                .inputPrice = 0.15,
                .outputPrice = 0.6}
        .save(database);
    const LlmSettings loaded = LlmSettings::load(database);
    QCOMPARE(loaded.endpoint, QString("http://h/v1"));
    QCOMPARE(loaded.model, QString("m"));
    QCOMPARE(loaded.concurrency, 7);
    QCOMPARE(loaded.captionsPerRequest, 3);
    QCOMPARE(loaded.timeoutMs, 5000);
    QCOMPARE(loaded.price(1e6, 2e6), 0.15 + 1.2);
    LlmPrompt::of("List the things.").save(database);
    QCOMPARE(LlmPrompt::load(database).text, QString("List the things."));
    LlmPrompt::standard().save(database);
    QVERIFY(LlmPrompt::load(database).isDefault());
}

void TestLlmRequest::promptsHaveVersions()
{
    const LlmPrompt one = LlmPrompt::of("List the things.");
    QCOMPARE(one.version.size(), 12);
    QCOMPARE(LlmPrompt::of("  List the things.\n").version, one.version);
    QVERIFY(LlmPrompt::of("List the things!").version != one.version);
    QVERIFY(!one.isDefault() && LlmPrompt::standard().isDefault());
    QVERIFY_EXCEPTION_THROWN(LlmPrompt::of(" \n "), model::Error);
    QVERIFY_EXCEPTION_THROWN(LlmPrompt::of(QString(70'000, 'a')), model::Error);
}

void TestLlmRequest::keptRequestHasTheVersionInPlaceOfThePrompt()
{
    const LlmPrompt prompt = LlmPrompt::of("List the \"things\".");
    const QString kept = llmRequestToKeep(llmRequestBody("m", prompt, {"a cat"}, {}), prompt);
    const QJsonObject json = QJsonDocument::fromJson(kept.toUtf8()).object();
    const QJsonArray messages = json["messages"].toArray();
    QCOMPARE(messages.at(0)["content"].toString(), "prompt " + prompt.version);
    QCOMPARE(messages.at(1)["content"].toString().toUtf8(), llmCaptionData({"a cat"}));
    QCOMPARE(json["model"].toString(), QString("m"));
    QCOMPARE(json["response_format"]["type"].toString(), QString("json_schema"));
    QVERIFY(!kept.contains("additionalProperties"));
}

void TestLlmRequest::serversMessagesAreFound_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QString>("message");
    QTest::newRow("OpenAI") << QByteArray(R"({"error":{"message":"bad\n key","type":"x"}})")
                            << "bad key";
    QTest::newRow("Ollama") << QByteArray(R"({"error":"no model"})") << "no model";
    QTest::newRow("vLLM") << QByteArray(R"({"object":"error","message":"too long"})") << "too long";
    QTest::newRow("FastAPI") << QByteArray(R"({"detail":"Not Found"})") << "Not Found";
    QTest::newRow("text") << QByteArray("Bad Gateway\n") << "Bad Gateway";
    QTest::newRow("nothing") << QByteArray() << "";
    QTest::newRow("other JSON") << QByteArray("{}") << "";
    QTest::newRow("long") << QByteArray(5000, 'a') << QString(300, 'a') + QChar(0x2026);
}

void TestLlmRequest::serversMessagesAreFound()
{
    QFETCH(QByteArray, body);
    QFETCH(QString, message);
    QCOMPARE(llmErrorMessage(body), message);
}

void TestLlmRequest::dialectGivesInStepByStep()
{
    LlmDialect dialect;
    QVERIFY(dialect.giveIn("the prompt is too long").isEmpty());
    QCOMPARE(dialect, LlmDialect());
    QVERIFY(!dialect.giveIn("'response_format' of type json_schema is not supported").isEmpty());
    QCOMPARE(dialect.format, LlmDialect::Format::Object);
    QVERIFY(!dialect.giveIn("unknown field response_format").isEmpty());
    QCOMPARE(dialect.format, LlmDialect::Format::None);
    QVERIFY(dialect.giveIn("unknown field response_format").isEmpty()); // nothing is left
    QVERIFY(!dialect.giveIn("Use 'max_completion_tokens' instead of max_tokens").isEmpty());
    QVERIFY(dialect.giveIn("max_completion_tokens").isEmpty());
    QVERIFY(!dialect.giveIn("'Temperature' does not support 0").isEmpty());
    const QJsonObject body =
        QJsonDocument::fromJson(llmRequestBody("m", LlmPrompt::standard(), {"a"}, dialect))
            .object();
    QCOMPARE(body.keys(), QStringList({"max_completion_tokens", "messages", "model", "stream"}));
}

void TestLlmRequest::tokensAreEstimated()
{
    QCOMPARE(estimatedTokens(""), 0.0);
    QCOMPARE(estimatedTokens("eight le"), 2.0);
    QCOMPARE(estimatedTokens(QString::fromUtf8("りんご")), 3.0);
}

void TestLlmRequest::estimateCountsWhatIsLeft()
{
    const db::Database database(":memory:");
    const LlmSettings settings{
        .endpoint = "http://localhost", .model = "m", .captionsPerRequest = 2};
    const LlmPrompt prompt = LlmPrompt::standard();
    QCOMPARE(estimateLlm(database, settings, prompt).captions, 0);
    tests::addCaptions(database, {"a cat", "a dog", "a cat", "a bird", "a cow"});
    LlmEstimate estimate = estimateLlm(database, settings, prompt);
    QCOMPARE(estimate.captions, 5);
    QCOMPARE(estimate.texts, 4);
    QCOMPARE(estimate.requests, 2);
    QCOMPARE(estimate.measuredOn, 0);
    QVERIFY(estimate.inputTokens > 2 * estimatedTokens(prompt.text));
    QVERIFY(estimate.outputTokens > 0.0 && estimate.seconds > 0.0);
    QVERIFY(estimate.sentence(settings).contains("rough estimate"));
    QVERIFY(estimate.sentence(settings).contains("no price given"));
    db::ModelAnswerRepository answers(database.connection());
    answers.addPrompt(prompt.version, prompt.text);
    answers.add("m", prompt.version, {{"a cat", "", "{}", 100, 20, 300}});
    estimate = estimateLlm(database, settings, prompt);
    QCOMPARE(estimate.captions, 5);
    QCOMPARE(estimate.texts, 3);
    QCOMPARE(estimateLlm(database, settings, LlmPrompt::of("Other.")).texts, 4);
}

void TestLlmRequest::estimateFollowsMeasuredAnswers()
{
    const db::Database database(":memory:");
    const LlmSettings settings{.endpoint = "http://localhost",
                               .model = "m",
                               .concurrency = 2,
                               .inputPrice = 10.0,
                               .outputPrice = 20.0};
    const LlmPrompt prompt = LlmPrompt::standard();
    tests::addCaptions(database, {"a cat", "a dog", "a bird", "a cow", "an ant"});
    db::ModelAnswerRepository answers(database.connection());
    answers.addPrompt(prompt.version, prompt.text);
    answers.add("m", prompt.version,
                {{"a cat", "", "{}", 800, 100, 2000}, {"a dog", "", "{}", 600, 50, 4000}});
    const LlmEstimate estimate = estimateLlm(database, settings, prompt);
    QCOMPARE(estimate.texts, 3);
    QCOMPARE(estimate.measuredOn, 2);
    QCOMPARE(estimate.inputTokens, 3 * 700.0);
    QCOMPARE(estimate.outputTokens, 3 * 75.0);
    QCOMPARE(estimate.seconds, 3 * 3.0 / 2);
    QCOMPARE(estimate.dollars, (2100.0 * 10 + 225.0 * 20) / 1e6);
    QVERIFY(estimate.sentence(settings).contains("from the answers so far (2)"));
    QVERIFY(estimate.sentence(settings).contains("$0.03"));
}

void TestLlmRequest::estimateSaysWhatLeaves()
{
    const LlmEstimate estimate{.captions = 900, .texts = 812, .requests = 812};
    const auto leaving = [&estimate](const char* endpoint, bool hasKey) {
        return estimate.leaving({.endpoint = endpoint, .model = "m"}, hasKey);
    };
    QCOMPARE(leaving("https://api.example.com/v1", true),
             QString("The text of 812 captions and the prompt go to "
                     "https://api.example.com/v1/chat/completions; no pictures, file names or "
                     "verdicts."));
    QVERIFY(leaving("http://localhost:8080", false).contains("a program on this machine"));
    QVERIFY(!leaving("http://127.0.0.1:8080", true).contains("encrypted"));
    QVERIFY(leaving("http://server/v1", true).contains("the key are not encrypted"));
    QVERIFY(leaving("http://server/v1", false).contains("They are not encrypted"));
    QCOMPARE(LlmEstimate().leaving({.endpoint = "https://api.example.com/v1"}, true),
             QString("Nothing leaves this machine."));
}

void TestLlmRequest::keysComeFromTheEnvironment()
{
    const auto reset = qScopeGuard([] {
        qunsetenv("TAGALIGN_LLM_KEY");
        qunsetenv("OPENAI_API_KEY");
    });
    const LlmSettings local{.endpoint = "http://localhost", .model = "m"};
    const LlmSettings openAi{.endpoint = "https://api.openai.com/v1", .model = "m"};
    const LlmSettings plain{.endpoint = "http://api.openai.com/v1", .model = "m"};
    qunsetenv("TAGALIGN_LLM_KEY");
    qputenv("OPENAI_API_KEY", "openai-key");
    QVERIFY(keyOfEnvironment(local).value.isEmpty()); // it belongs to another
    QVERIFY(keyOfEnvironment(plain).value.isEmpty()); // nor to the open air
    QCOMPARE(keyOfEnvironment(openAi).value, QByteArray("openai-key"));
    QCOMPARE(keyOfEnvironment(openAi).where, QString("OPENAI_API_KEY"));
    qputenv("TAGALIGN_LLM_KEY", " own-key\n");
    QCOMPARE(keyOfEnvironment(openAi).value, QByteArray("own-key"));
    QCOMPARE(keyOfEnvironment(local).value, QByteArray("own-key"));
    QCOMPARE(findKeyNow(local).value, QByteArray("own-key"));
    QVERIFY(keyStatus(keyOfEnvironment(local)).contains("TAGALIGN_LLM_KEY"));
    QVERIFY(!keyStatus(keyOfEnvironment(local)).contains("own-key"));
}

QTEST_GUILESS_MAIN(TestLlmRequest)
#include "tst_llm_request.moc"
