#include "app/ModelCatalogue.h"
#include "app/ModelEstimate.h"
#include "app/ModelStore.h"
#include "app/jobs/FetchModelJob.h"
#include "model/Error.h"
#include "tests/app/support/HubServer.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLockFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>
#include <QtConcurrent>

#include <atomic>

using namespace tagalign;
using namespace tagalign::app;
using tests::HubServer;

namespace {

constexpr int kPatience = 60'000; ///< ms; machines are shared
const QString kStarter = QStringLiteral(TAGALIGN_SOURCE_DIR "/resources/starter");
const QString kRepository = QStringLiteral("someone/starter");
const QString kName = QStringLiteral("someone--starter");
const QString kWeights = QStringLiteral("model.safetensors");

/// Remembers what was reported; cancelled from any thread.
class Context : public JobContext
{
public:
    void report(const JobProgress& progress) override
    {
        done = progress.done;
        if (progress.total > 0 && progress.sentence.startsWith(QLatin1String("Downloading"))) {
            QVERIFY(progress.done <= progress.total);
            QCOMPARE(progress.unit, JobProgress::Unit::Bytes);
        }
    }

    [[nodiscard]] bool isCancelled() const override { return cancelled; }

    void waitWhilePaused() override
    {
        while (paused && done > 0) {
            isWaiting = true;
            QThread::msleep(10);
        }
        isWaiting = false;
    }

    std::atomic_bool cancelled = false;
    std::atomic_bool paused = false;
    std::atomic_bool isWaiting = false;
    std::atomic<qint64> done = 0;
};

void write(const QString& file, const QByteArray& bytes)
{
    QFile target(file);
    QVERIFY(target.open(QIODevice::WriteOnly));
    QCOMPARE(target.write(bytes), bytes.size());
}

} // namespace

/// Against a hub on loopback that does what hubs and networks do.
class TestFetchModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void catalogueIsComplete();
    void estimatesFollowSizeAndWork();
    void bundleIsWholeAndOfOneCommit();
    void presentCommitIsNotDownloadedAgain();
    void newCommitReplacesTheOldOne();
    void openClipLayoutLeavesTheOtherLibrarysFilesOut();
    void tokenGoesToTheHubAlone();
    void brokenConnectionIsTakenUpWhereItBroke();
    void changedFileStartsAnew();
    void changedFileWithoutTagStartsAnew();
    void silenceIsGivenUp();
    void serverThatKeepsCuttingIsOneSentence();
    void serverErrorIsRetriedThenTold();
    void unknownNamesAreTold_data();
    void unknownNamesAreTold();
    void anyRevisionCanBeAskedFor();
    void wrongLengthIsThrownAway_data();
    void wrongLengthIsThrownAway();
    void wrongHashIsThrownAway();
    void spaceIsCheckedFirst();
    void cancelIsQuickAndKeepsWhatCame();
    void hostileListsAreRefused_data();
    void hostileListsAreRefused();
    void pickleIsRefusedWithARemedy();
    void unknownArchitectureIsRefusedBeforeTheWeights();
    void modelThatCannotBeLoadedIsNotInstalled();
    void twoFetchesOfOneModelDoNotMix();
    void folderThatCannotBeMadeIsTold();
    void pausedDownloadGoesOn();
    void unreachableHubIsOneSentence();
    void droppedThingsAreToldApart();
    void namesStandForFolders();
    void programFetchesListsChecksUsesAndRemoves();
    void killedProgramGoesOn();
    void fullDiskIsOneSentenceAndGoesOn();
    void proxyOfTheEnvironmentIsUsed();

private:
    [[nodiscard]] FetchSettings settings() const
    {
        return {.hub = {.endpoint = QUrl(m_hub->endpoint()),
                        .stallMs = 20'000,
                        .attempts = 3,
                        .retryDelayMs = 1},
                .folder = m_folder->path(),
                .freeBytes = [](const QString&) { return qint64(1) << 40; }};
    }

    FetchedModel fetch(const QString& name = kRepository, const QString& revision = {})
    {
        return fetch(name, revision, settings());
    }

    FetchedModel fetch(const QString& name, const QString& revision, const FetchSettings& how)
    {
        return fetchModel(name, revision, how, m_context);
    }

    /// The sentence of a fetch that must fail.
    QString refusal(const QString& name = kRepository, const QString& revision = {})
    {
        return refusal(name, revision, settings());
    }

    QString refusal(const QString& name, const QString& revision, const FetchSettings& how)
    {
        try {
            fetch(name, revision, how);
        } catch (const model::Error& error) {
            return QString::fromUtf8(error.what());
        }
        return {};
    }

    /// Requests for a file's bytes.
    [[nodiscard]] QList<HubServer::Request> requestsFor(const QString& file) const
    {
        QList<HubServer::Request> found;
        for (const HubServer::Request& request : m_hub->requests()) {
            if (request.isFile && request.path.endsWith('/' + file.toLatin1())) {
                found.append(request);
            }
        }
        return found;
    }

    [[nodiscard]] QString at(const QString& path) const { return m_folder->filePath(path); }

    [[nodiscard]] bool isInstalled(const QString& name = kName) const
    {
        return QFile::exists(at(name + "/bundle.json"));
    }

    [[nodiscard]] qint64 partial() const
    {
        return QFileInfo(at(kName + ".part/" + kWeights + ".partial")).size();
    }

    void start(QProcess& process, const QStringList& arguments, const QStringList& shell = {}) const
    {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert("HF_ENDPOINT", m_hub->endpoint());
        environment.insert("TAGALIGN_MODELS", m_folder->path());
        environment.remove("HF_TOKEN");
        for (const auto& [name, value] : m_environment) {
            environment.insert(name, value);
        }
        process.setProcessEnvironment(environment);
        const QStringList whole = shell + QStringList{TAGALIGN_PROGRAM} + arguments;
        process.start(whole.first(), whole.mid(1));
    }

    struct Outcome
    {
        int code = -1;
        QString output;
        QString messages;
    };

    [[nodiscard]] Outcome run(const QStringList& arguments, const QStringList& shell = {}) const
    {
        QProcess process;
        start(process, arguments, shell);
        process.waitForFinished(kPatience);
        return {process.exitCode(), QString::fromUtf8(process.readAllStandardOutput()).trimmed(),
                QString::fromUtf8(process.readAllStandardError()).trimmed()};
    }

    std::unique_ptr<HubServer> m_hub;
    std::unique_ptr<QTemporaryDir> m_folder;
    QMap<QString, QByteArray> m_files; ///< the repository's
    QList<std::pair<QString, QString>> m_environment;
    Context m_context;
};

void TestFetchModel::init()
{
    m_hub = std::make_unique<HubServer>();
    m_folder = std::make_unique<QTemporaryDir>();
    m_context.cancelled = false;
    m_context.done = 0;
    m_environment.clear();
    m_files.clear();
    for (const QFileInfo& entry : QDir(kStarter).entryInfoList(QDir::Files)) {
        QFile file(entry.filePath());
        QVERIFY(file.open(QIODevice::ReadOnly));
        m_files[entry.fileName()] = file.readAll();
    }
    m_files["pytorch_model.bin"] = "a pickle";
    m_files["runs/log.txt"] = "of no use here";
    m_hub->setRepository(kRepository, m_files);
}

void TestFetchModel::catalogueIsComplete()
{
    QSet<QString> names;
    for (const CatalogueModel& model : modelCatalogue()) {
        names.insert(model.name);
        QVERIFY2(!model.title.isEmpty() && !model.licence.isEmpty() && !model.languages.isEmpty() &&
                     !model.purpose.isEmpty() && !model.revision.isEmpty(),
                 qPrintable(model.name));
        QVERIFY2(model.repository.count('/') == 1, qPrintable(model.repository));
        // fp32 weights and a vocabulary
        const double bytesOfWeights = 4.0 * double(model.parameters);
        QVERIFY2(double(model.bytes) > bytesOfWeights &&
                     double(model.bytes) < 1.03 * bytesOfWeights + 4e6,
                 qPrintable(model.name));
        QVERIFY(model.imageSize % model.patchSize == 0);
    }
    QCOMPARE(names.size(), modelCatalogue().size());
    QVERIFY(names.size() >= 8);
}

void TestFetchModel::estimatesFollowSizeAndWork()
{
    const auto model = [](const char* name) { return *catalogueModel(name); };
    // Published: 17.5 thousand million multiply-adds for B/16, 4.4 for B/32, 81 for L/14.
    QVERIFY(std::abs(imageOperations(model("clip-vit-b16")) / 2e9 - 17.5) < 0.3);
    QVERIFY(std::abs(imageOperations(model("clip-vit-b32")) / 2e9 - 4.4) < 0.1);
    QVERIFY(std::abs(imageOperations(model("clip-vit-l14")) / 2e9 - 81.0) < 1.0);
    const ModelEstimate large = estimateOf(model("clip-vit-l14-336"), 3.5e11);
    const ModelEstimate small = estimateOf(model("tinyclip-vit-8m-16"), 3.5e11);
    QVERIFY(small.imagesPerSecond > 50.0 * large.imagesPerSecond);
    QVERIFY(large.memoryBytes > 4 * model("clip-vit-l14-336").parameters);
    QVERIFY(large.memoryBytes > 4 * small.memoryBytes);
    QCOMPARE(estimateOf(model("clip-vit-b16"), 0.0).imagesPerSecond, 0.0);
}

void TestFetchModel::bundleIsWholeAndOfOneCommit()
{
    const FetchedModel fetched = fetch();
    QCOMPARE(fetched.name, kName);
    QVERIFY(!fetched.wasThere);
    QCOMPARE(fetched.folder, at(kName));
    QVERIFY(!QFile::exists(at(kName + ".part")));
    QDir folder(fetched.folder);
    QCOMPARE(folder.entryList(QDir::Files),
             QStringList({"bundle.json", "config.json", "merges.txt", "model.safetensors",
                          "preprocessor_config.json", "special_tokens_map.json",
                          "tokenizer_config.json", "vocab.json"}));
    for (const QString& name : folder.entryList(QDir::Files)) {
        QFile file(folder.filePath(name));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY(name == "bundle.json" || file.readAll() == m_files[name]);
    }
    const ModelBundle bundle = readBundle(fetched.folder);
    QCOMPARE(bundle.repository, kRepository);
    QCOMPARE(bundle.commit, QString(40, 'a'));
    QCOMPARE(bundle.licence, QString("mit"));
    QVERIFY(bundle.summary.contains("parameters"));
    QCOMPARE(bundle.files.size(), 7);
    verifyBundle(bundle, fetched.folder, m_context); // throws if one differs
    int redirected = 0;
    int toTheFileServer = 0;
    for (const HubServer::Request& request : m_hub->requests()) {
        redirected += request.isFile ? 1 : 0;
        toTheFileServer += request.isFileServer ? 1 : 0;
        QVERIFY(request.path.startsWith("/api/models/") ||
                request.path.contains('/' + QByteArray(40, 'a') + '/'));
    }
    QCOMPARE(redirected, 7);
    QCOMPARE(toTheFileServer, 1);
}

void TestFetchModel::presentCommitIsNotDownloadedAgain()
{
    fetch();
    m_hub->forgetRequests();
    QVERIFY(fetch().wasThere);
    QCOMPARE(m_hub->requests().size(), 1);
}

void TestFetchModel::newCommitReplacesTheOldOne()
{
    fetch();
    m_files[kWeights].back() = char(m_files[kWeights].back() ^ 1);
    m_hub->setRepository(kRepository, m_files, QByteArray(40, 'b'));
    QVERIFY(!fetch().wasThere);
    QCOMPARE(readBundle(at(kName)).commit, QString(40, 'b'));
    QCOMPARE(QDir(m_folder->path()).entryList(QDir::AllEntries | QDir::NoDotAndDotDot),
             QStringList(kName));
}

void TestFetchModel::openClipLayoutLeavesTheOtherLibrarysFilesOut()
{
    const QDir source(TAGALIGN_SOURCE_DIR "/tests/data/clip/oc-p32-gelu");
    QMap<QString, QByteArray> files{{"config.json", "{\"architecture\": \"another library's\"}"},
                                    {kWeights, QByteArray(100'000, 'x')},
                                    {"vocab.json", m_files["vocab.json"]},
                                    {"merges.txt", m_files["merges.txt"]}};
    for (const char* name : {"open_clip_config.json", "open_clip_model.safetensors"}) {
        QFile file(source.filePath(name));
        QVERIFY(file.open(QIODevice::ReadOnly));
        files[name] = file.readAll();
    }
    m_hub->setRepository("timm/vit_base_patch16_clip_224.openai", files);
    const QString sentence = refusal("clip-vit-b16"); // its vocabulary is not this one's
    QVERIFY2(sentence.isEmpty() || sentence.contains("token"), qPrintable(sentence));
    QVERIFY(requestsFor("config.json").isEmpty());
    QVERIFY(requestsFor(kWeights).isEmpty());
    QCOMPARE(requestsFor("open_clip_model.safetensors").size(), 1);
}

void TestFetchModel::tokenGoesToTheHubAlone()
{
    FetchSettings how = settings();
    how.hub.token = "hf_secret";
    fetch(kRepository, {}, how);
    for (const HubServer::Request& request : m_hub->requests()) {
        QCOMPARE(request.headers.value("authorization"),
                 request.isFileServer ? QByteArray() : QByteArray("Bearer hf_secret"));
    }
    QFile manifest(at(kName + "/bundle.json"));
    QVERIFY(manifest.open(QIODevice::ReadOnly));
    QVERIFY(!manifest.readAll().contains("secret"));
}

void TestFetchModel::brokenConnectionIsTakenUpWhereItBroke()
{
    m_hub->setFault(kWeights, {.cutAfter = 1'000'000, .cuts = 5}); // more often than attempts
    fetch();
    const auto requests = requestsFor(kWeights);
    QCOMPARE(requests.size(), 6);
    QVERIFY(!requests.first().headers.contains("range"));
    qint64 before = 0; // what is still on the wire when it breaks may be lost
    for (qsizetype i = 1; i < requests.size(); ++i) {
        const QByteArray range = requests[i].headers.value("range");
        QVERIFY2(range.startsWith("bytes=") && range.endsWith('-'), range.constData());
        const qint64 start = range.mid(6).chopped(1).toLongLong();
        QVERIFY2(start > before && start <= before + 1'000'000, range.constData());
        QVERIFY(requests[i].headers.contains("if-range"));
        before = start;
    }
    verifyBundle(readBundle(at(kName)), at(kName), m_context);
}

void TestFetchModel::changedFileStartsAnew()
{
    m_hub->setFault(kWeights, {.cutAfter = 1'000'000, .ignoresRange = true});
    QVERIFY(!refusal().isEmpty());
    QVERIFY(partial() > 0 && partial() <= 1'000'000);
    m_hub->clearFaults();
    m_hub->forgetRequests();
    m_files[kWeights][500'000] = char(m_files[kWeights][500'000] ^ 1);
    m_hub->setRepository(kRepository, m_files, QByteArray(40, 'b'));
    fetch();
    const auto requests = requestsFor(kWeights);
    QCOMPARE(requests.size(), 1); // answered with the whole file
    QVERIFY(requests.first().headers.contains("if-range"));
    verifyBundle(readBundle(at(kName)), at(kName), m_context);
}

void TestFetchModel::changedFileWithoutTagStartsAnew()
{
    m_hub->setFault(kWeights, {.cutAfter = 1'000'000, .ignoresRange = true});
    QVERIFY(!refusal().isEmpty());
    QVERIFY(QFile::remove(at(kName + ".part/" + kWeights + ".etag")));
    m_hub->clearFaults();
    m_hub->forgetRequests();
    m_files[kWeights][500'000] = char(m_files[kWeights][500'000] ^ 1);
    m_hub->setRepository(kRepository, m_files, QByteArray(40, 'b'));
    fetch();
    QCOMPARE(requestsFor(kWeights).size(), 2); // the rest; then, with a wrong hash, all of it
    verifyBundle(readBundle(at(kName)), at(kName), m_context);
}

void TestFetchModel::silenceIsGivenUp()
{
    m_hub->setFault(kWeights, {.cutAfter = 300'000, .stalls = true, .ignoresRange = true});
    FetchSettings how = settings();
    how.hub.stallMs = 300;
    const QString sentence = refusal(kRepository, {}, how);
    QVERIFY2(sentence.contains("sent nothing for 0.3 s") && sentence.contains(kWeights) &&
                 sentence.contains("goes on"),
             qPrintable(sentence));
    QVERIFY(!isInstalled());
    QVERIFY(partial() > 0 && partial() <= 300'000);
}

void TestFetchModel::serverThatKeepsCuttingIsOneSentence()
{
    m_hub->setFault(kWeights, {.cutAfter = 2'000'000, .ignoresRange = true});
    const QString sentence = refusal();
    QVERIFY2(sentence.contains("did not come whole") && sentence.contains("3 attempts"),
             qPrintable(sentence));
    const qint64 came = partial();
    QVERIFY(came > 0 && came <= 2'000'000);
    m_hub->clearFaults();
    m_hub->forgetRequests();
    fetch(); // goes on with what came
    QCOMPARE(requestsFor(kWeights).first().headers.value("range"),
             "bytes=" + QByteArray::number(came) + '-');
}

void TestFetchModel::serverErrorIsRetriedThenTold()
{
    m_hub->setFault("merges.txt", {.status = 503});
    const QString sentence = refusal();
    QVERIFY2(sentence.contains("answers with 503"), qPrintable(sentence));
    QCOMPARE(requestsFor("merges.txt").size(), 3);
    m_hub->setFault("merges.txt", {.status = 404});
    QVERIFY2(refusal().contains("merges.txt"), qPrintable(refusal()));
}

void TestFetchModel::unknownNamesAreTold_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("revision");
    QTest::addColumn<QString>("says");
    QTest::newRow("model") << "nobody/nothing"
                           << ""
                           << "there is no model nobody/nothing";
    QTest::newRow("revision") << kRepository << "v9"
                              << "has no revision \"v9\"";
    QTest::newRow("short name") << "clip-vit-z1"
                                << ""
                                << "tagalign model list";
    QTest::newRow("path") << "../../etc"
                          << ""
                          << "neither a model";
    QTest::newRow("path in a name") << "a/../b"
                                    << ""
                                    << "neither a model";
}

void TestFetchModel::unknownNamesAreTold()
{
    QFETCH(QString, name);
    QFETCH(QString, revision);
    QFETCH(QString, says);
    const QString sentence = refusal(name, revision);
    QVERIFY2(sentence.contains(says), qPrintable(sentence));
}

void TestFetchModel::anyRevisionCanBeAskedFor()
{
    fetch(kRepository, "refs/pr/1");
    QCOMPARE(m_hub->requests().first().path,
             QByteArray("/api/models/someone/starter/revision/refs%2Fpr%2F1?blobs=true"));
    QCOMPARE(readBundle(at(kName)).revision, QString("refs/pr/1"));
}

void TestFetchModel::wrongLengthIsThrownAway_data()
{
    QTest::addColumn<int>("bytes");
    QTest::addColumn<int>("lengthError");
    const int length = int(QFileInfo(kStarter + '/' + kWeights).size());
    QTest::newRow("longer") << length + 10 << 0;
    QTest::newRow("shorter") << length - 10 << 0;
    QTest::newRow("announced longer") << length << 10;
    QTest::newRow("empty") << 1 << 0;
}

void TestFetchModel::wrongLengthIsThrownAway()
{
    QFETCH(int, bytes);
    QFETCH(int, lengthError);
    m_hub->setFault(kWeights, {.lengthError = lengthError, .instead = QByteArray(bytes, 'x')});
    const QString sentence = refusal();
    QVERIFY2(sentence.contains("bytes long") && sentence.contains("thrown away"),
             qPrintable(sentence));
    QVERIFY(!isInstalled());
    QVERIFY(!QFile::exists(at(kName + ".part/" + kWeights + ".partial")));
}

void TestFetchModel::wrongHashIsThrownAway()
{
    for (const QString& name : {QStringLiteral("merges.txt"), kWeights}) {
        QByteArray other = m_files[name];
        other[other.size() / 2] = char(other[other.size() / 2] ^ 1);
        m_hub->setFault(name, {.instead = other});
        const QString sentence = refusal();
        QVERIFY2(sentence.contains(name + " does not have the hash"), qPrintable(sentence));
        QVERIFY(!isInstalled());
        QVERIFY(!QFile::exists(at(kName + ".part/" + name + ".partial")));
        QVERIFY(!QFile::exists(at(kName + ".part/" + name)));
        m_hub->clearFaults();
    }
    fetch();
    QVERIFY(isInstalled());
}

void TestFetchModel::spaceIsCheckedFirst()
{
    FetchSettings how = settings();
    const qint64 weights = m_files[kWeights].size();
    how.freeBytes = [weights](const QString&) { return weights; };
    const QString sentence = refusal(kRepository, {}, how);
    QVERIFY2(sentence.contains(m_folder->path()) && sentence.contains("needs") &&
                 sentence.contains(
                     QStringLiteral("and %1 MB are free").arg((weights + 999'999) / 1'000'000)),
             qPrintable(sentence));
    QCOMPARE(m_hub->requests().size(), 1); // the list alone
    how.freeBytes = [weights](const QString&) { return weights + 70'000'000; };
    fetch(kRepository, {}, how);
}

void TestFetchModel::cancelIsQuickAndKeepsWhatCame()
{
    m_hub->setFault(kWeights, {.bytesPerTick = 20'000});
    QElapsedTimer sinceCancel;
    auto job = QtConcurrent::run([&] { return refusal(); });
    QTRY_VERIFY_WITH_TIMEOUT(m_context.done > 500'000, kPatience);
    sinceCancel.start();
    m_context.cancelled = true;
    QCOMPARE(job.result(), QString("cancelled"));
    qInfo("cancelled after %lld ms, goal 200", sinceCancel.elapsed());
    QVERIFY(sinceCancel.elapsed() < 2000);
    QVERIFY(partial() > 100'000);

    m_context.cancelled = false; // the same while the server is silent
    m_hub->setFault(kWeights, {.cutAfter = 0, .stalls = true});
    job = QtConcurrent::run([&] { return refusal(); });
    const qsizetype before = requestsFor(kWeights).size();
    QTRY_VERIFY_WITH_TIMEOUT(requestsFor(kWeights).size() > before, kPatience);
    sinceCancel.start();
    m_context.cancelled = true;
    QCOMPARE(job.result(), QString("cancelled"));
    QVERIFY(sinceCancel.elapsed() < 2000);
    QVERIFY(!isInstalled());
}

void TestFetchModel::hostileListsAreRefused_data()
{
    QTest::addColumn<QByteArray>("files");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, const QByteArray& files, const char* says) {
        QTest::newRow(name) << files << QString::fromLatin1(says);
    };
    const QByteArray blob = "\"blobId\":\"" + QByteArray(40, '0') + "\"";
    const auto path = [&](const QByteArray& name) {
        return "[{\"rfilename\":\"" + name + "\",\"size\":4," + blob + "}]";
    };
    row("parent", path("../config.json"), "would leave");
    row("parent inside", path("a/../../config.json"), "would leave");
    row("absolute", path("/etc/config.json"), "would leave");
    row("backslash", path("..\\\\config.json"), "would leave");
    row("empty", path(""), "would leave");
    row("control", path("a\\u0000.json"), "would leave");
    row("no length", "[{\"rfilename\":\"config.json\"," + blob + "}]", "length");
    row("negative length", "[{\"rfilename\":\"config.json\",\"size\":-4," + blob + "}]", "length");
    row("huge length", "[{\"rfilename\":\"config.json\",\"size\":99999999999999," + blob + "}]",
        "length");
    row("no hash", R"([{"rfilename":"config.json","size":4}])", "no hash");
    row("bad hash", R"([{"rfilename":"config.json","size":4,"lfs":{"size":4,"sha256":"00"}}])",
        "no hash");
    row("twice",
        "[{\"rfilename\":\"config.json\",\"size\":4," + blob +
            "},{\"rfilename\":\"config.json\",\"size\":4," + blob + "}]",
        "twice");
    row("no list", "{}", "not a list");
}

void TestFetchModel::hostileListsAreRefused()
{
    QFETCH(QByteArray, files);
    QFETCH(QString, says);
    m_hub->setList("{\"sha\":\"" + QByteArray(40, 'a') + "\",\"siblings\":" + files + "}");
    const QString sentence = refusal();
    QVERIFY2(sentence.contains(says), qPrintable(sentence));
    QCOMPARE(m_hub->requests().size(), 1);
    QVERIFY(!QFile::exists(at(kName)));
}

void TestFetchModel::pickleIsRefusedWithARemedy()
{
    m_files.remove(kWeights);
    m_hub->setRepository("openai/clip-vit-base-patch32", m_files);
    const QString known = refusal("openai/clip-vit-base-patch32");
    QVERIFY2(known.contains("pytorch_model.bin") && known.contains("run code") &&
                 known.contains("\"clip-vit-b32\" has the same weights"),
             qPrintable(known));
    m_hub->setRepository(kRepository, m_files);
    QVERIFY2(refusal().contains("refs/pr/1"), qPrintable(refusal()));
    m_files.remove("pytorch_model.bin");
    m_hub->setRepository(kRepository, m_files);
    QVERIFY2(refusal().contains("holds no CLIP"), qPrintable(refusal()));
}

void TestFetchModel::unknownArchitectureIsRefusedBeforeTheWeights()
{
    m_files["config.json"] = "{\"model_type\": \"blip\"}";
    m_hub->setRepository(kRepository, m_files);
    const QString sentence = refusal();
    QVERIFY2(sentence.contains("model_type"), qPrintable(sentence));
    QVERIFY(requestsFor(kWeights).isEmpty());
}

void TestFetchModel::modelThatCannotBeLoadedIsNotInstalled()
{
    m_files[kWeights] = QByteArray(200'000, 'x');
    m_hub->setRepository(kRepository, m_files);
    QVERIFY2(refusal().contains(kWeights), qPrintable(refusal()));
    QVERIFY(!isInstalled());
    QVERIFY(installedModels(m_folder->path()).isEmpty());
    QVERIFY(partlyFetchedBytes(kName, m_folder->path()) > 200'000);
    removeModel(kName, m_folder->path());
    QVERIFY(!QFile::exists(at(kName + ".part")));
}

void TestFetchModel::twoFetchesOfOneModelDoNotMix()
{
    QLockFile other(at(kName + ".lock"));
    QVERIFY(other.tryLock());
    QVERIFY2(refusal().contains("already"), qPrintable(refusal()));
}

void TestFetchModel::folderThatCannotBeMadeIsTold()
{
    write(at("file"), "not a folder");
    FetchSettings how = settings();
    how.folder = at("file/models");
    const QString sentence = refusal(kRepository, {}, how);
    QVERIFY2(sentence.contains("TAGALIGN_MODELS"), qPrintable(sentence));
    QVERIFY(m_hub->requests().isEmpty());
}

void TestFetchModel::pausedDownloadGoesOn()
{
    m_hub->setFault(kWeights, {.bytesPerTick = 60'000});
    m_context.paused = true; // as soon as something came
    auto job = QtConcurrent::run([&] { return refusal(); });
    QTRY_VERIFY_WITH_TIMEOUT(m_context.isWaiting, kPatience);
    const qint64 before = m_context.done;
    QTest::qWait(300);
    QCOMPARE(m_context.done, before);
    m_context.paused = false;
    QCOMPARE(job.result(), QString());
    QVERIFY(isInstalled());
}

void TestFetchModel::unreachableHubIsOneSentence()
{
    FetchSettings how = settings();
    how.hub.endpoint = QUrl("http://127.0.0.1:1");
    const QString sentence = refusal(kRepository, {}, how);
    QVERIFY2(sentence.startsWith("127.0.0.1: cannot be reached") && sentence.contains("proxy"),
             qPrintable(sentence));
}

void TestFetchModel::droppedThingsAreToldApart()
{
    QCOMPARE(checkpointAt(kStarter).value_or(QString()), kStarter);
    QCOMPARE(checkpointAt(kStarter + "/model.safetensors").value_or(QString()), kStarter);
    QCOMPARE(checkpointAt(kStarter + "/config.json").value_or(QString()), kStarter);
    QVERIFY(!checkpointAt(kStarter + "/vocab.json"));
    QVERIFY(!checkpointAt(m_folder->path()));

    const auto refused = [](const QString& path) {
        try {
            (void)checkpointAt(path);
        } catch (const model::Error& error) {
            return QString::fromUtf8(error.what());
        }
        return QString();
    };
    QDir(m_folder->path()).mkdir("old");
    write(at("old/pytorch_model.bin"), "a pickle");
    for (const QString& path : {at("old"), at("old/pytorch_model.bin")}) {
        QVERIFY2(refused(path).contains("run code") && refused(path).contains("save_file"),
                 qPrintable(refused(path)));
    }
    write(at("old/config.json"), "{}");
    QVERIFY(!refused(at("old")).isEmpty());
    QFile::remove(at("old/config.json"));
    write(at("old/photo.jpg"), ""); // pictures with a stray file are still pictures
    QVERIFY(refused(at("old")).isEmpty() && !checkpointAt(at("old")));
}

void TestFetchModel::namesStandForFolders()
{
    qputenv("TAGALIGN_MODELS", m_folder->path().toUtf8());
    const auto reset = qScopeGuard([] { qunsetenv("TAGALIGN_MODELS"); });
    fetch();
    QCOMPARE(modelFolderOf(kName), at(kName));
    QCOMPARE(modelFolderOf(kRepository), at(kName));
    QCOMPARE(modelFolderOf(kStarter + "/config.json"), kStarter);
    QCOMPARE(modelFolderOf("no such thing"), QString("no such thing"));
    QVERIFY_EXCEPTION_THROWN((void)modelFolderOf("clip-vit-b16"), model::Error);
    QVERIFY_EXCEPTION_THROWN(removeModel("../" + kName), model::Error);
    QVERIFY_EXCEPTION_THROWN(removeModel("nothing"), model::Error);
    QVERIFY(isInstalled());
}

void TestFetchModel::programFetchesListsChecksUsesAndRemoves()
{
    const Outcome fetched = run({"model", "fetch", kRepository});
    QVERIFY2(fetched.code == 0, qPrintable(fetched.messages));
    QCOMPARE(fetched.output, at(kName));
    QVERIFY(fetched.messages.contains("Downloading model.safetensors") &&
            fetched.messages.contains("MB"));
    QVERIFY2(fetched.messages.count('\n') < 40, qPrintable(fetched.messages));
    const QJsonObject list =
        QJsonDocument::fromJson(run({"model", "list", "--json"}).output.toUtf8()).object();
    QStringList here;
    for (const QJsonValue& row : list["models"].toArray()) {
        if (row["folder"].isString()) {
            here.append(row["name"].toString());
        }
    }
    QCOMPARE(here, QStringList({"demo", kName}));
    QVERIFY(run({"model", "list"}).output.contains("clip-vit-l14-336"));
    QVERIFY(run({"model", "check", kName}).output.contains("parameters"));
    QCOMPARE(run({"embed", "--model", kName, "--text", "a cat", "--out", at("v.safetensors")}).code,
             0);
    QFile vocabulary(at(kName + "/merges.txt"));
    QVERIFY(vocabulary.open(QIODevice::ReadWrite) && vocabulary.write("x") == 1);
    vocabulary.close();
    const Outcome changed = run({"model", "check", kName});
    QVERIFY2(changed.code == 1 && changed.messages.contains("merges.txt"),
             qPrintable(changed.messages));
    QCOMPARE(run({"model", "remove", kName}).code, 0);
    QVERIFY(!QFile::exists(at(kName)));
    const Outcome missing = run({"embed", "--model", "clip-vit-b16", "--out", at("v.safetensors")});
    QVERIFY2(missing.code == 1 && missing.messages.contains("tagalign model fetch clip-vit-b16"),
             qPrintable(missing.messages));
}

void TestFetchModel::killedProgramGoesOn()
{
    m_hub->setFault(kWeights, {.bytesPerTick = 20'000});
    QProcess process;
    start(process, {"model", "fetch", kRepository});
    QTRY_VERIFY_WITH_TIMEOUT(partial() > 1'000'000, kPatience);
    process.kill(); // SIGKILL
    process.waitForFinished();
    const qint64 came = partial();
    QVERIFY(came > 1'000'000 && came < m_files[kWeights].size());
    QVERIFY(!isInstalled());
    m_hub->clearFaults();
    m_hub->forgetRequests();
    const Outcome again = run({"model", "fetch", kRepository});
    QVERIFY2(again.code == 0, qPrintable(again.messages));
    QCOMPARE(requestsFor(kWeights).first().headers.value("range"),
             "bytes=" + QByteArray::number(came) + '-');
    QVERIFY(requestsFor("config.json").isEmpty()); // whole already
    QVERIFY(isInstalled());
}

/// No file may grow past 3,000 KiB: as on a full disk, writing fails in the middle.
void TestFetchModel::fullDiskIsOneSentenceAndGoesOn()
{
    const Outcome full = run({"model", "fetch", kRepository},
                             {"bash", "-c", "trap '' XFSZ; ulimit -f 3000; exec \"$@\"", "sh"});
    QCOMPARE(full.code, 1);
    const QString sentence = full.messages.section("tagalign: ", -1);
    QVERIFY2(sentence.contains("cannot be written") && sentence.contains("disk space"),
             qPrintable(full.messages));
    QCOMPARE(partial(), 3000 * 1024);
    m_hub->forgetRequests();
    const Outcome again = run({"model", "fetch", kRepository});
    QVERIFY2(again.code == 0, qPrintable(again.messages));
    QCOMPARE(requestsFor(kWeights).first().headers.value("range"), QByteArray("bytes=3072000-"));
}

void TestFetchModel::proxyOfTheEnvironmentIsUsed()
{
    m_environment = {
        {"http_proxy", m_hub->endpoint()}, {"no_proxy", ""}, {"HF_ENDPOINT", "http://hub.invalid"}};
    const Outcome fetched = run({"model", "fetch", kRepository});
    QVERIFY2(fetched.code == 0, qPrintable(fetched.messages));
    QCOMPARE(m_hub->requests().first().proxiedHost, QString("hub.invalid"));
    QCOMPARE(readBundle(at(kName)).endpoint, QString("http://hub.invalid"));
}

QTEST_GUILESS_MAIN(TestFetchModel)
#include "tst_fetch_model.moc"
