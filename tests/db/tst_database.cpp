#include "db/Database.h"
#include "db/Error.h"
#include "db/Statement.h"

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

using namespace tagalign::db;

/// Opening, migrating and refusing project files.
class TestDatabase : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void newFileHasTheNewestSchema();
    void foreignKeysAndWriteAheadLogAreOn();
    void settingsSurviveReopening();
    void newerFileIsRefusedUntouched();
    void damagedFileNamesItsBackup();
    void textFileIsRefused();
    void missingFolderIsRefused();
    void rolledBackTransactionLeavesNothing();
    void twoConnectionsWriteInTurn();
    void oldFileIsBackedUpBeforeMigration();
    void earlierFilesAreBroughtUpToDate_data();
    void earlierFilesAreBroughtUpToDate();
    void tagsOfEveryEarlierVersionTakeEnglish();
    void parsesOfEveryEarlierVersionGetTheirRun();

private:
    void makeFileOfVersion(int version) const; ///< its connection is called "first"

    [[nodiscard]] QString file() const { return m_folder->filePath("project.sqlite"); }

    [[nodiscard]] QString refusal() const;

    std::unique_ptr<QTemporaryDir> m_folder;
};

QString TestDatabase::refusal() const
{
    try {
        const Database database(file());
    } catch (const Error& error) {
        return QString::fromUtf8(error.what());
    }
    return {};
}

void TestDatabase::newFileHasTheNewestSchema()
{
    const Database database(file());
    QSqlQuery version = execute(database.connection(), "PRAGMA user_version");
    QVERIFY(version.next());
    QCOMPARE(version.value(0).toInt(), Database::kSchemaVersion);
    const QStringList tables = database.connection().tables();
    for (const char* table :
         {"image", "caption", "parse", "tag", "candidate", "verdict", "run", "metric", "query",
          "audit", "prompt", "model_answer", "parser_run", "absence", "tag_margin",
          "vocabulary_step", "vocabulary_change", "vocabulary_rule"}) {
        QVERIFY2(tables.contains(table), table);
    }
}

void TestDatabase::foreignKeysAndWriteAheadLogAreOn()
{
    const Database database(file());
    QSqlQuery keys = execute(database.connection(), "PRAGMA foreign_keys");
    QVERIFY(keys.next());
    QCOMPARE(keys.value(0).toInt(), 1);
    QSqlQuery journal = execute(database.connection(), "PRAGMA journal_mode");
    QVERIFY(journal.next());
    QCOMPARE(journal.value(0).toString(), QString("wal"));
    QVERIFY_EXCEPTION_THROWN(
        execute(database.connection(), "INSERT INTO caption (image_id, text) VALUES (7, 'x')"),
        Error);
}

void TestDatabase::settingsSurviveReopening()
{
    {
        Database database(file());
        QCOMPARE(database.setting("model", "none"), QString("none"));
        database.setSetting("model", "a");
        database.setSetting("model", QString::fromUtf8("りんご"));
    }
    Database database(file());
    QCOMPARE(database.setting("model"), QString::fromUtf8("りんご"));
    database.setSetting("model", QString());
    QCOMPARE(database.setting("model", "none"), QString(""));
}

void TestDatabase::newerFileIsRefusedUntouched()
{
    {
        const Database database(file());
        execute(database.connection(), "PRAGMA user_version = 99");
    }
    QVERIFY(refusal().contains("newer program"));
}

void TestDatabase::damagedFileNamesItsBackup()
{
    {
        const Database database(file());
        for (int row = 0; row < 2000; ++row) {
            execute(database.connection(), "INSERT INTO setting (key, value) VALUES (?, ?)",
                    {QString::number(row), QString(100, 'v')});
        }
        execute(database.connection(), "PRAGMA wal_checkpoint(TRUNCATE)");
    }
    QFile raw(file());
    QVERIFY(raw.open(QIODevice::ReadWrite));
    QVERIFY(raw.seek(raw.size() / 2));
    raw.write(QByteArray(20000, '\xAB'));
    raw.close();
    QVERIFY(refusal().contains("is damaged"));
    QVERIFY(refusal().contains(".recover"));
    QVERIFY(QFile::copy(file(), file() + ".v1.backup"));
    QVERIFY(refusal().contains("project.sqlite.v1.backup"));
}

void TestDatabase::textFileIsRefused()
{
    QFile raw(file());
    QVERIFY(raw.open(QIODevice::WriteOnly));
    raw.write("this is no data base, but a text that is longer than a header of one hundred bytes, "
              "so that it is read as a header");
    raw.close();
    QVERIFY(refusal().contains("damaged"));
}

void TestDatabase::missingFolderIsRefused()
{
    QVERIFY_EXCEPTION_THROWN(Database(m_folder->filePath("no/such/folder.sqlite")), Error);
}

void TestDatabase::rolledBackTransactionLeavesNothing()
{
    Database database(file());
    {
        const Transaction transaction(database.connection());
        database.setSetting("a", "1");
    }
    QCOMPARE(database.setting("a", "none"), QString("none"));
}

void TestDatabase::twoConnectionsWriteInTurn()
{
    Database first(file());
    Database second(file());
    Transaction writing(first.connection());
    first.setSetting("a", "1");
    QCOMPARE(second.setting("a", "none"), QString("none")); // readers are not held up
    writing.commit();
    second.setSetting("b", "2");
    QCOMPARE(first.setting("b"), QString("2"));
}

void TestDatabase::oldFileIsBackedUpBeforeMigration()
{
    // The newest schema marked as an older one makes migrate() back the file up and then fail on
    // tables that exist, which must change nothing.
    {
        Database database(file());
        database.setSetting("kept", "yes");
        execute(database.connection(), "PRAGMA user_version = 0");
    }
    QVERIFY_EXCEPTION_THROWN(Database{file()}, Error);
    QVERIFY(QFile::exists(file() + ".v0.backup"));
    for (const QString& path : {file(), file() + ".v0.backup"}) {
        QSqlDatabase raw = QSqlDatabase::addDatabase("QSQLITE", path);
        raw.setDatabaseName(path);
        QVERIFY(raw.open());
        QSqlQuery kept = execute(raw, "SELECT value FROM setting WHERE key = 'kept'");
        QVERIFY(kept.next());
        QCOMPARE(kept.value(0).toString(), QString("yes"));
    }
}

void TestDatabase::makeFileOfVersion(int version) const
{
    QSqlDatabase raw = QSqlDatabase::addDatabase("QSQLITE", "first");
    raw.setDatabaseName(file());
    QVERIFY(raw.open());
    const QStringList migrations = QDir(":/migrations").entryList(QDir::Files, QDir::Name);
    for (const QString& migration : migrations.mid(0, version)) {
        QFile schema(":/migrations/" + migration);
        QVERIFY(schema.open(QIODevice::ReadOnly));
        for (const QString& statement :
             QString::fromUtf8(schema.readAll()).split("\n;;\n", Qt::SkipEmptyParts)) {
            if (!statement.trimmed().isEmpty()) {
                execute(raw, statement);
            }
        }
    }
    execute(raw, QString("PRAGMA user_version = %1").arg(version));
}

/// Tags of a file as each earlier version made it stay, and take an English equivalent.
void TestDatabase::tagsOfEveryEarlierVersionTakeEnglish()
{
    for (int version = 1; version < Database::kSchemaVersion; ++version) {
        init();
        makeFileOfVersion(version);
        {
            const QSqlDatabase raw = QSqlDatabase::database("first");
            execute(raw, "INSERT INTO tag (kind, lemma, display) VALUES ('object', 'cat', 'cat')");
        }
        QSqlDatabase::removeDatabase("first");
        const Database database(file());
        QSqlQuery row = execute(database.connection(),
                                "SELECT lemma, english IS NULL, english_source IS NULL FROM tag");
        QVERIFY(row.next());
        QCOMPARE(row.value(0).toString(), QString("cat"));
        QVERIFY(row.value(1).toBool() && row.value(2).toBool());
        execute(database.connection(), "UPDATE tag SET english = 'x', english_source = 'edited'");
        QVERIFY_EXCEPTION_THROWN(
            execute(database.connection(), "UPDATE tag SET english_source = 'guessed'"), Error);
        execute(database.connection(), "UPDATE tag SET class = 'colour', switched = 'off'");
        for (const char* wrong : {"class = 'mood'", "class_source = 'me'", "switched = 'maybe'"}) {
            QVERIFY_EXCEPTION_THROWN(
                execute(database.connection(), QString("UPDATE tag SET %1").arg(wrong)), Error);
        }
    }
}

/// One run for each parser, version and prompt, in the order in which they came.
void TestDatabase::parsesOfEveryEarlierVersionGetTheirRun()
{
    for (int version = 1; version < 5; ++version) {
        init();
        makeFileOfVersion(version);
        {
            const QSqlDatabase raw = QSqlDatabase::database("first");
            execute(raw, "INSERT INTO image (path, sha256, phash, width, height, split) VALUES "
                         "('a.jpg', 'ab', 1, 8, 8, 'test')");
            execute(raw, "INSERT INTO caption (image_id, text) VALUES (1, 'a'), (1, 'b')");
            execute(raw, "INSERT INTO parse (caption_id, parser, parser_version, prompt_version, "
                         "milliseconds) VALUES (1, 'rules', '1', '', 0.5), (1, 'llm', 'm', 'p', "
                         "0.5), (2, 'rules', '1', '', 0.5), (2, 'rules', '2', '', 0.5)");
        }
        QSqlDatabase::removeDatabase("first");
        const Database database(file());
        QSqlQuery rows =
            execute(database.connection(),
                    "SELECT p.id, p.run_id, r.parser, r.parser_version, r.prompt_version, "
                    "r.started_at || r.finished_at || r.reverted_at, p.stale FROM parse p JOIN "
                    "parser_run r ON r.id = p.run_id ORDER BY p.id");
        const QList<QStringList> expected{{"1", "1", "rules", "1", "", "", "0"},
                                          {"2", "2", "llm", "m", "p", "", "0"},
                                          {"3", "1", "rules", "1", "", "", "0"},
                                          {"4", "3", "rules", "2", "", "", "0"}};
        for (const QStringList& row : expected) {
            QVERIFY(rows.next());
            for (int column = 0; column < row.size(); ++column) {
                QCOMPARE(rows.value(column).toString(), row.at(column));
            }
        }
        QVERIFY(!rows.next());
    }
}

void TestDatabase::earlierFilesAreBroughtUpToDate_data()
{
    QTest::addColumn<int>("version");
    for (int version = 1; version < Database::kSchemaVersion; ++version) {
        QTest::addRow("version %d", version) << version;
    }
}

/// A file as that version made it: its rows stay, and it takes what came since.
void TestDatabase::earlierFilesAreBroughtUpToDate()
{
    QFETCH(int, version);
    makeFileOfVersion(version);
    {
        const QSqlDatabase raw = QSqlDatabase::database("first");
        execute(raw, "INSERT INTO image (path, sha256, phash, width, height, split) VALUES "
                     "('a.jpg', 'ab', 1, 8, 8, 'test')");
        execute(raw, "INSERT INTO caption (image_id, text) VALUES (1, 'a cat')");
        execute(raw, "INSERT INTO parse (caption_id, parser, parser_version, milliseconds) VALUES "
                     "(1, 'rules', '1', 0.5)");
        execute(raw, "INSERT INTO tag (kind, lemma, display) VALUES ('object', 'cat', 'cat')");
        execute(raw, "INSERT INTO candidate (image_id, tag_id, parse_id, span_start, span_length, "
                     "confidence) VALUES (1, 1, 1, 2, 3, 0.9)");
    }
    QSqlDatabase::removeDatabase("first");
    const Database database(file());
    QVERIFY(QFile::exists(file() + QString(".v%1.backup").arg(version)));
    QSqlQuery candidate = execute(
        database.connection(), "SELECT inferred, probability IS NULL, confidence FROM candidate");
    QVERIFY(candidate.next());
    QCOMPARE(candidate.value(0).toInt(), 0);
    QVERIFY(candidate.value(1).toBool());
    QCOMPARE(candidate.value(2).toDouble(), 0.9);
    execute(database.connection(), "INSERT INTO tag_margin (image_id, tag_id, model, text, margin) "
                                   "VALUES (1, 1, 'm', 'cat', -1.5)");
    QSqlQuery row =
        execute(database.connection(), "SELECT path, split, given_split IS NULL FROM image");
    QVERIFY(row.next());
    QCOMPARE(row.value(0).toString(), QString("a.jpg"));
    QCOMPARE(row.value(1).toString(), QString("test"));
    QVERIFY(row.value(2).toBool());
}

QTEST_GUILESS_MAIN(TestDatabase)
#include "tst_database.moc"
