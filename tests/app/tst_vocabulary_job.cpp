#include "app/jobs/PilotSnapshot.h"
#include "app/jobs/TagJob.h"
#include "app/jobs/VocabularyCsv.h"
#include "app/jobs/VocabularyJob.h"
#include "app/jobs/VocabularySettings.h"
#include "db/ImageRepository.h"
#include "db/TagRepository.h"
#include "db/VerdictRepository.h"
#include "tests/app/support/TestContext.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>

using namespace tagalign;
using namespace tagalign::app;

/// The vocabulary's jobs, its table as CSV, and the command.
class TestVocabularyJob : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void readingTagsGuessesTheirClasses();
    void mergeSaysWhatItDid();
    void mergeMayGiveAnotherName();
    void previewsChangeNothing();
    void previewCountsDisagreeingVerdicts();
    void emptyTagsStayOff();
    void minimumHoldsForLaterReadings();
    void suggestionsAreWhatTheyLeadTo();
    void nothingToTakeBackIsSaid();
    void namesOfBothKindsAreAskedFor();
    void templatesReachTheTraining();
    void japaneseTagsAreSuggestedByTheirEnglish();
    void unchangedTableChangesNothing();
    void tableMovesAVocabularyToAnotherProject();
    void oddNamesComeBack_data();
    void oddNamesComeBack();
    void badRowsAreRefusedAndTheRestGoesOn();
    void refusedParentLeavesNothingBehind();
    void brokenTablesAreRefused_data();
    void brokenTablesAreRefused();
    void commandDoesAndUndoes();
    void commandRefuses_data();
    void commandRefuses();

private:
    [[nodiscard]] static std::unique_ptr<QTemporaryDir> makeProject(const QStringList& captions);
    [[nodiscard]] db::Database open() const;
    [[nodiscard]] static db::VocabularyTag tag(const db::Database& database, const QString& lemma);
    [[nodiscard]] static QStringList lemmas(const db::Database& database);
    [[nodiscard]] QString write(const QByteArray& bytes) const;

    struct Answer
    {
        int code = 0;
        QString out;
        QString err;
    };

    [[nodiscard]] Answer command(const QStringList& arguments) const;

    std::unique_ptr<QTemporaryDir> m_folder;
};

std::unique_ptr<QTemporaryDir> TestVocabularyJob::makeProject(const QStringList& captions)
{
    auto folder = std::make_unique<QTemporaryDir>();
    const Project project = Project::openOrCreate(folder->filePath("pilot.tagalign"));
    {
        const db::Database database(project.databaseFile());
        db::ImageRepository images(database.connection());
        for (int i = 0; i < captions.size(); ++i) {
            const auto image = images.add({.path = QString("%1.jpg").arg(i),
                                           .sha256 = QString("hash %1").arg(i),
                                           .width = 4,
                                           .height = 3});
            images.addCaption(image, captions.at(i), "en");
        }
    }
    tests::TestContext context;
    (void)extractTags(project, context);
    return folder;
}

void TestVocabularyJob::init()
{
    m_folder = makeProject({"a yellow cab", "a red taxi and a cab", "a view of a wooden table",
                            "a poodle", "a beagle on a chair"});
}

db::Database TestVocabularyJob::open() const
{
    return db::Database(m_folder->filePath("pilot.tagalign/project.sqlite"));
}

db::VocabularyTag TestVocabularyJob::tag(const db::Database& database, const QString& lemma)
{
    for (const auto& each : db::VocabularyRepository(database.connection()).tags()) {
        if (each.tag.lemma == lemma) {
            return each;
        }
    }
    qFatal("no tag %s", qPrintable(lemma));
}

QStringList TestVocabularyJob::lemmas(const db::Database& database)
{
    QStringList all;
    for (const auto& each : db::VocabularyRepository(database.connection()).tags()) {
        all.append(each.tag.lemma);
    }
    return all;
}

QString TestVocabularyJob::write(const QByteArray& bytes) const
{
    QFile file(m_folder->filePath("table.csv"));
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size()) {
        qFatal("cannot write");
    }
    return file.fileName();
}

void TestVocabularyJob::readingTagsGuessesTheirClasses()
{
    const db::Database database = open();
    QCOMPARE(tag(database, "red").tag.tagClass, QString("colour"));
    QCOMPARE(tag(database, "wooden").tag.tagClass, QString("material"));
    QVERIFY(!tag(database, "red").isClassEdited);
    QCOMPARE(tag(database, "cab").tag.tagClass, QString());
}

void TestVocabularyJob::mergeSaysWhatItDid()
{
    const db::Database database = open();
    const db::TagId cab = tag(database, "cab").tag.id;
    const db::TagId taxi = tag(database, "taxi").tag.id;
    QCOMPARE(mergeTags(database, {cab, taxi}, cab),
             QString("taxi merged into \"cab\", on 2 images."));
    QCOMPARE(tag(database, "cab").tag.images, 2);
    QCOMPARE(undoVocabulary(database),
             QString("Taken back: taxi merged into \"cab\", on 2 images."));
    QVERIFY(lemmas(database).contains("taxi"));
    QVERIFY_EXCEPTION_THROWN(mergeTags(database, {cab}, cab), model::Error);
}

void TestVocabularyJob::mergeMayGiveAnotherName()
{
    const db::Database database = open();
    const db::TagId cab = tag(database, "cab").tag.id;
    mergeTags(database, {cab, tag(database, "taxi").tag.id}, cab, "Taxicab");
    QCOMPARE(tag(database, "taxicab").tag.display, QString("Taxicab"));
    QVERIFY(!lemmas(database).contains("cab"));
    undoVocabulary(database); // one step
    QVERIFY(lemmas(database).contains("cab") && lemmas(database).contains("taxi"));
}

void TestVocabularyJob::previewsChangeNothing()
{
    const db::Database database = open();
    const db::TagId cab = tag(database, "cab").tag.id;
    const db::TagId taxi = tag(database, "taxi").tag.id;
    const QByteArray before = vocabularyCsv(database);
    QCOMPARE(previewMerge(database, {cab, taxi}), QString("2 tags become 1 on 2 images."));
    QCOMPARE(previewRollUp(database, {taxi}, "cab"),
             QString("1 images count as \"cab\" too, 1 of them do so already."));
    QCOMPARE(previewSplit(database, {cab, db::SplitBy::Caption, "yellow", "x"}),
             QString("1 of 2 images go to the new tag."));
    QVERIFY(previewDropEmpty(database).contains("view") ||
            previewDropEmpty(database).contains("No tag"));
    const QString fewer = previewMinimum(database, 2);
    QVERIFY2(fewer.startsWith("1 tags would be in use, now "), qPrintable(fewer));
    QCOMPARE(vocabularyCsv(database), before);
    QVERIFY(db::VocabularyRepository(database.connection()).steps().isEmpty());
}

void TestVocabularyJob::previewCountsDisagreeingVerdicts()
{
    const db::Database database = open();
    db::VerdictRepository verdicts(database.connection());
    for (const auto& each : db::TagRepository(database.connection()).candidates()) {
        if (each.lemma == "taxi") {
            verdicts.decide({{each.id, db::State::Rejected, 1}}, "ann");
        } else if (each.lemma == "cab") {
            verdicts.decide({{each.id, db::State::Accepted, 1}}, "ann");
        }
    }
    QCOMPARE(previewMerge(database, {tag(database, "cab").tag.id, tag(database, "taxi").tag.id}),
             QString("2 tags become 1 on 2 images; on 1 of them the verdicts disagree: the newer "
                     "one holds."));
}

void TestVocabularyJob::emptyTagsStayOff()
{
    m_folder = makeProject({"the scene", "the scene", "the cat"});
    const db::Database database = open();
    QVERIFY(tag(database, "scene").tag.enabled);
    QVERIFY(previewDropEmpty(database).startsWith("1 tags"));
    QCOMPARE(dropEmptyTags(database), QString("Switched off, as they name no thing: scene."));
    QVERIFY(!tag(database, "scene").tag.enabled);
    enableFrequentTags(database);
    QVERIFY(!tag(database, "scene").tag.enabled && tag(database, "cat").tag.enabled);
    QCOMPARE(dropEmptyTags(database), QString("Nothing changed."));
    undoVocabulary(database);
    QVERIFY(tag(database, "scene").tag.enabled);
}

void TestVocabularyJob::minimumHoldsForLaterReadings()
{
    const db::Database database = open();
    changeMinimum(database, 2);
    QVERIFY(tag(database, "cab").tag.enabled && !tag(database, "taxi").tag.enabled);
    enableFrequentTags(database);
    QVERIFY(!tag(database, "taxi").tag.enabled);
    QVERIFY_EXCEPTION_THROWN(changeMinimum(database, 0), model::Error);
    QCOMPARE(minimumImages(database), 2);
    undoVocabulary(database);
    QCOMPARE(minimumImages(database), 1);
    QVERIFY(tag(database, "taxi").tag.enabled);
}

void TestVocabularyJob::suggestionsAreWhatTheyLeadTo()
{
    const db::Database database = open();
    const auto all = vocabularySuggestions(database);
    QVERIFY(!all.isEmpty());
    QCOMPARE(all.first().sentence, QString("cab, taxi: same meaning, 2 images"));
    mergeTags(database, all.first().tags, all.first().tags.first());
    const auto rest = vocabularySuggestions(database);
    for (const auto& each : rest) {
        QVERIFY(each.kind == VocabularySuggestion::Kind::RollUp);
    }
    const auto dog = std::find_if(rest.begin(), rest.end(),
                                  [](const auto& each) { return each.parent == "dog"; });
    QVERIFY(dog != rest.end());
    QVERIFY2(dog->sentence.endsWith("2 images more"), qPrintable(dog->sentence));
    rollUpTags(database, dog->tags, dog->parent);
    QCOMPARE(tag(database, "dog").tag.images, 2);
    QCOMPARE(tag(database, "poodle").parentName, QString("dog"));
}

void TestVocabularyJob::nothingToTakeBackIsSaid()
{
    QVERIFY_EXCEPTION_THROWN(undoVocabulary(open()), model::Error);
}

void TestVocabularyJob::namesOfBothKindsAreAskedFor()
{
    m_folder = makeProject({"an orange", "an orange cat"});
    const db::Database database = open();
    QVERIFY_EXCEPTION_THROWN((void)tagNamed(database, "orange"), model::Error);
    QVERIFY(tagNamed(database, "attribute:orange").kind == db::TagKind::Attribute);
    QVERIFY(tagNamed(database, "object:orange").kind == db::TagKind::Object);
    QVERIFY_EXCEPTION_THROWN((void)tagNamed(database, "object:red"), model::Error);
}

void TestVocabularyJob::templatesReachTheTraining()
{
    const db::Database database = open();
    model::tags::PromptTemplates templates;
    templates.set("colour", {"a photo of a {} thing"});
    changeTemplates(database, templates);
    const Project project = Project::open(m_folder->filePath("pilot.tagalign"));
    const PilotSnapshot snapshot = takeSnapshot(project, database);
    const QString file = m_folder->filePath("snapshot.json");
    saveSnapshot(snapshot, file); // a run goes on with what it began with
    int own = 0;
    for (const auto& data : {snapshot.data, loadSnapshot(file).data}) {
        for (const auto& each : data.tags) {
            const bool isColour = each.text == "red" || each.text == "yellow";
            QCOMPARE(each.templates.size(), std::size_t(isColour ? 1 : 0));
            own += isColour ? 1 : 0;
        }
        QVERIFY(std::any_of(data.images.begin(), data.images.end(),
                            [](const auto& image) { return !image.ownerships.empty(); }));
        QCOMPARE(data.images.front().languages, std::vector<std::string>{"en"});
    }
    QCOMPARE(own, 4);
    undoVocabulary(database);
    QVERIFY(promptTemplatesOf(database).isStandard("colour"));
}

void TestVocabularyJob::japaneseTagsAreSuggestedByTheirEnglish()
{
    const db::Database database = open();
    editTags(database, {{.tag = tag(database, "taxi").tag.id, .english = "table"},
                        {.tag = tag(database, "red").tag.id, .english = "x"}});
    for (const auto& each : vocabularySuggestions(database)) {
        QVERIFY(!each.sentence.startsWith("cab, taxi"));
    }
}

void TestVocabularyJob::unchangedTableChangesNothing()
{
    const db::Database database = open();
    const db::TagId cab = tag(database, "cab").tag.id;
    mergeTags(database, {cab, tag(database, "taxi").tag.id}, cab);
    rollUpTags(database, {tag(database, "poodle").tag.id}, "dog");
    editTags(database, {{.tag = cab, .display = "=1+1, \"cab\"", .priority = 0.1}});
    const QByteArray before = vocabularyCsv(database);
    const VocabularyImport result = importVocabulary(database, write(before));
    QCOMPARE(result.changed, 0);
    QVERIFY(result.problems.isEmpty());
    QCOMPARE(vocabularyCsv(database), before);
    QCOMPARE(db::VocabularyRepository(database.connection()).steps().size(), 3);
    QVERIFY(before.contains("\"'=1+1, \"\"cab\"\"\""));
}

void TestVocabularyJob::tableMovesAVocabularyToAnotherProject()
{
    QByteArray table;
    {
        const db::Database database = open();
        const db::TagId cab = tag(database, "cab").tag.id;
        mergeTags(database, {cab, tag(database, "taxi").tag.id}, cab);
        rollUpTags(database, {tag(database, "poodle").tag.id, tag(database, "beagle").tag.id},
                   "dog");
        editTags(database,
                 {{.tag = tag(database, "red").tag.id, .tagClass = "state"},
                  {.tag = cab, .display = "Cab", .priority = 3.0, .use = db::TagUse::On}});
        table = vocabularyCsv(database);
    }
    init();
    const db::Database other = open();
    const VocabularyImport result = importVocabulary(other, write(table));
    // "dog" is no tag of the other project before its row is read, but the parent of two others.
    QCOMPARE(result.problems.size(), 1);
    QVERIFY(result.problems.first().reason.contains("no object \"dog\""));
    QCOMPARE(vocabularyCsv(other), table);
    QCOMPARE(importVocabulary(other, write(table)).changed, 0);
    undoVocabulary(other); // one step
    QVERIFY(lemmas(other).contains("taxi") && !lemmas(other).contains("dog"));
    QCOMPARE(tag(other, "cab").tag.priority, 1.0);
}

void TestVocabularyJob::oddNamesComeBack_data()
{
    QTest::addColumn<QString>("name");
    for (const char* name : {"=SUM(A1)", "+1", "-1", "@me", "'=x", "''@", "'quoted'", "a,b", "a\"b",
                             "\"", "りんご", ";", "#"}) {
        QTest::newRow(name) << QString::fromUtf8(name);
    }
}

void TestVocabularyJob::oddNamesComeBack()
{
    QFETCH(QString, name);
    const db::Database database = open();
    editTags(database, {{.tag = tag(database, "cab").tag.id, .display = name, .english = name}});
    const QByteArray table = vocabularyCsv(database);
    for (const QByteArray& row : table.split('\n')) {
        for (const QByteArray& cell : row.split(',')) {
            const QByteArray bare = cell.startsWith('"') ? cell.mid(1) : cell;
            QVERIFY2(bare.isEmpty() || !QByteArray("=+-@").contains(bare.at(0)), row);
        }
    }
    undoVocabulary(database);
    QCOMPARE(importVocabulary(database, write(table)).changed, 1);
    QCOMPARE(tag(database, "cab").tag.display, name);
    QCOMPARE(vocabularyCsv(database), table);
}

void TestVocabularyJob::badRowsAreRefusedAndTheRestGoesOn()
{
    const db::Database database = open();
    const VocabularyImport result =
        importVocabulary(database, write("kind,tag,priority,use,class,merged_into,parent\n"
                                         "object,cab,2,on,,,\n"
                                         "object,unicorn,1,auto,,,\n"
                                         "object,taxi,zero,auto,,,\n"
                                         "object,poodle,1,maybe,,,\n"
                                         "object,beagle,-1,auto,,,\n"
                                         "object,cab,3,auto,,,\n"
                                         "object,chair\n"
                                         "attribute,red,1,auto,mood,,\n"
                                         "attribute,yellow,1,auto,colour,wooden table,\n"
                                         "\n"
                                         "attribute,wooden,1,auto,pattern,,\n"
                                         "object,\xff,1,auto,,,\n"
                                         "object,table,1,auto,,,table\n"));
    QStringList problems;
    for (const CsvProblem& problem : result.problems) {
        problems.append(QString("%1: %2").arg(problem.line).arg(problem.reason));
    }
    const QStringList expected{"3: the project has no object", "4: \"zero\" is no priority",
                               "5: \"maybe\" is no use",       "6: The priority of \"beagle\"",
                               "7: \"cab\" stands in line 2",  "8: it has 2 fields",
                               "9: \"mood\" is no class",      "10: the project has no attribute",
                               "13: \"tag\" is not UTF-8",     "14: \"table\" cannot be rolled up"};
    QCOMPARE(problems.size(), expected.size());
    for (int i = 0; i < expected.size(); ++i) {
        QVERIFY2(problems.at(i).startsWith(expected.at(i)), qPrintable(problems.at(i)));
    }
    QCOMPARE(result.changed, 2);
    QCOMPARE(tag(database, "cab").tag.priority, 2.0);
    QCOMPARE(tag(database, "wooden").tag.tagClass, QString("pattern"));
    QCOMPARE(tag(database, "beagle").tag.priority, 1.0);
    undoVocabulary(database);
    QCOMPARE(tag(database, "cab").tag.priority, 1.0);
    QCOMPARE(tag(database, "wooden").tag.tagClass, QString("material"));
}

void TestVocabularyJob::refusedParentLeavesNothingBehind()
{
    const db::Database database = open();
    rollUpTags(database, {tag(database, "poodle").tag.id}, "dog");
    const auto before = db::VocabularyRepository(database.connection()).steps().size();
    const VocabularyImport result =
        importVocabulary(database, write("kind,tag,parent\nobject,poodle,pet\n"));
    QCOMPARE(result.problems.size(), 1);
    QVERIFY(result.problems.first().reason.contains("counts as \"dog\" already"));
    QCOMPARE(result.changed, 0);
    QCOMPARE(db::VocabularyRepository(database.connection()).steps().size(), before);
    for (const auto& each : db::VocabularyRepository(database.connection()).tags()) {
        QVERIFY(each.tag.lemma != "pet");
    }
}

void TestVocabularyJob::brokenTablesAreRefused_data()
{
    QTest::addColumn<QByteArray>("table");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("no header") << QByteArray("object,cab,2\n");
    QTest::newRow("zeros") << QByteArray(100, '\0');
    QTest::newRow("open quote") << QByteArray("\"kind,tag\n");
}

void TestVocabularyJob::brokenTablesAreRefused()
{
    QFETCH(QByteArray, table);
    const db::Database database = open();
    QVERIFY_EXCEPTION_THROWN((void)importVocabulary(database, write(table)), model::Error);
    QVERIFY_EXCEPTION_THROWN((void)importVocabulary(database, "/nowhere.csv"), model::Error);
    QVERIFY(db::VocabularyRepository(database.connection()).steps().isEmpty());
}

TestVocabularyJob::Answer TestVocabularyJob::command(const QStringList& arguments) const
{
    QProcess program;
    program.start(TAGALIGN_PROGRAM,
                  QStringList{"vocabulary", m_folder->filePath("pilot.tagalign")} + arguments);
    if (!program.waitForFinished(120'000)) {
        qFatal("it does not end");
    }
    return {program.exitCode(), QString::fromUtf8(program.readAllStandardOutput()),
            QString::fromUtf8(program.readAllStandardError())};
}

void TestVocabularyJob::commandDoesAndUndoes()
{
    const Answer merged = command({"--merge", "taxi", "cab", "--json"});
    QCOMPARE(merged.code, 0);
    const QJsonObject json = QJsonDocument::fromJson(merged.out.toUtf8()).object();
    QCOMPARE(json["minimum_images"].toInt(), 1);
    const QJsonObject cab = json["tags"].toArray().first().toObject();
    QCOMPARE(cab["tag"].toString(), QString("cab"));
    QCOMPARE(cab["images"].toInt(), 2);
    QCOMPARE(cab["merged"].toArray(), (QJsonArray{"taxi"}));
    QVERIFY(command({"--roll-up", "poodle"}).out.startsWith("dog: 1 images"));
    QVERIFY(command({"--roll-up", "poodle", "dog"}).out.contains("count as \"dog\" too"));
    QVERIFY(command({"--rename", "dog", "hound"}).out.contains("renamed"));
    QVERIFY(command({"--split", "cab", "red", "red cab"}).out.contains("split off"));
    QVERIFY(command({"--minimum", "2", "--drop-empty"}).out.contains("at least 2 images"));
    QVERIFY(command({"--templates", "colour", "a {} thing"}).out.contains("templates edited"));
    const QString file = m_folder->filePath("out.csv");
    QCOMPARE(command({"--export", file}).code, 0);
    QCOMPARE(command({"--import", file}).out.trimmed().right(15), QString("0 tags changed."));
    for (int steps = 0; steps < 4; ++steps) {
        QCOMPARE(command({"--undo"}).code, 0);
    }
    const Answer listed = command({});
    QVERIFY2(listed.out.contains("object\tdog\t\t1\tin use"), qPrintable(listed.out));
}

void TestVocabularyJob::commandRefuses_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("reason");
    QTest::newRow("unknown tag") << QStringList{"--rename", "unicorn", "x"} << 1
                                 << "no tag \"unicorn\"";
    QTest::newRow("kinds") << QStringList{"--merge", "cab", "red"} << 1 << "one is an object";
    QTest::newRow("nothing to undo") << QStringList{"--undo"} << 1 << "no step";
    QTest::newRow("minimum") << QStringList{"--minimum", "0"} << 1 << "must be 1 to";
    QTest::newRow("template") << QStringList{"--templates", "colour", "a thing"} << 1
                              << "has no {}";
    QTest::newRow("one tag") << QStringList{"--merge", "cab"} << 2 << "";
    QTest::newRow("no file") << QStringList{"--import", "/nowhere.csv"} << 1 << "cannot be read";
}

void TestVocabularyJob::commandRefuses()
{
    QFETCH(QStringList, arguments);
    QFETCH(int, code);
    QFETCH(QString, reason);
    const QByteArray before = vocabularyCsv(open());
    const Answer answer = command(arguments);
    QCOMPARE(answer.code, code);
    QVERIFY2(answer.err.contains(reason), qPrintable(answer.err));
    QCOMPARE(vocabularyCsv(open()), before);
}

QTEST_GUILESS_MAIN(TestVocabularyJob)
#include "tst_vocabulary_job.moc"
