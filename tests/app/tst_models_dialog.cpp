#include "app/MainWindow.h"
#include "app/ModelChoice.h"
#include "app/ModelStore.h"
#include "app/ModelsDialog.h"
#include "tests/app/support/Find.h"
#include "tests/app/support/HubServer.h"
#include "widgets/Banner.h"
#include "widgets/JobTray.h"

#include <QDir>
#include <QDropEvent>
#include <QLabel>
#include <QMenuBar>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QThreadPool>

using namespace tagalign;
using namespace tagalign::app;
using tests::button;
using tests::HubServer;

namespace {

constexpr int kPatience = 60'000; ///< ms; machines are shared
const QString kStarter = QStringLiteral(TAGALIGN_SOURCE_DIR "/resources/starter");
const QString kWeights = QStringLiteral("model.safetensors");
const QString kTiny = QStringLiteral("tinyclip-vit-8m-16"); ///< played by the starter model
const QString kTinyTitle = QStringLiteral("TinyCLIP");

} // namespace

/// A person's way to another model, against a hub on loopback.
class TestModelsDialog : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void openingAsksNothingOfTheNetwork();
    void keysMoveThroughTheList();
    void failureIsTold();
    void downloadIsCancelledAndGoesOn();
    void downloadedModelIsUsed();
    void unusedModelIsRemoved();
    void droppedCheckpointIsOffered();
    void droppedPickleIsRefused();
    void droppedModelNeedsAProject();
    void cleanupTestCase();

private:
    [[nodiscard]] QTableWidget* table() const { return m_models->findChild<QTableWidget*>(); }

    [[nodiscard]] QString cell(const QString& title, int column) const
    {
        for (int row = 0; row < table()->rowCount(); ++row) {
            if (table()->item(row, 0)->text().startsWith(title)) {
                return table()->item(row, column)->text();
            }
        }
        return {};
    }

    void select(const QString& title) const
    {
        for (int row = 0; row < table()->rowCount(); ++row) {
            if (table()->item(row, 0)->text().startsWith(title)) {
                table()->selectRow(row);
                return;
            }
        }
        QFAIL(qPrintable("no row " + title));
    }

    void click(const QWidget* place, const QString& text) const
    {
        QVERIFY2(button(place, text)->isEnabled(), qPrintable(text));
        QTest::mouseClick(button(place, text), Qt::LeftButton);
    }

    /// What the banners say, but for the note on the demo model.
    static QString problem(const QWidget* place)
    {
        QString text;
        for (const auto* banner : place->findChildren<widgets::Banner*>()) {
            for (const QLabel* label : banner->findChildren<QLabel*>()) {
                if (banner->isVisible() && !label->text().contains("demo model")) {
                    text += label->text();
                }
            }
        }
        return text;
    }

    [[nodiscard]] QString usedModel() const
    {
        return checkpointOf(db::Database(at("pilot.tagalign/project.sqlite")));
    }

    void drop(QWidget* place, const QString& path) const
    {
        QMimeData data;
        data.setUrls({QUrl::fromLocalFile(path)});
        QDragEnterEvent enter({40, 40}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(place, &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent event({40, 40}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(place, &event);
    }

    [[nodiscard]] QMessageBox* question() const
    {
        for (QMessageBox* box : m_window->findChildren<QMessageBox*>()) {
            if (box->isVisible()) {
                return box;
            }
        }
        return nullptr;
    }

    [[nodiscard]] QString at(const QString& path) const { return m_folder.filePath(path); }

    HubServer m_hub;
    QTemporaryDir m_folder;
    std::unique_ptr<MainWindow> m_window;
    ModelsDialog* m_models = nullptr;
};

void TestModelsDialog::initTestCase()
{
    QStandardPaths::setTestModeEnabled(true);
    QCoreApplication::setOrganizationName("TagAlignTest");
    QCoreApplication::setApplicationName(QFileInfo(m_folder.path()).fileName());
    QSettings().clear();
    qputenv("HF_ENDPOINT", m_hub.endpoint().toUtf8());
    qputenv("TAGALIGN_MODELS", at("models").toUtf8());
    qunsetenv("HF_TOKEN");
    m_hub.setRepositoryFrom("wkcn/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M", kStarter);
    m_window = std::make_unique<MainWindow>();
    m_window->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
}

void TestModelsDialog::openingAsksNothingOfTheNetwork()
{
    QVERIFY(m_window->openProject(at("pilot.tagalign")));
    for (QAction* action : m_window->menuBar()->actions().first()->menu()->actions()) {
        if (action->text().contains("Model")) {
            action->trigger();
        }
    }
    m_models = m_window->findChild<ModelsDialog*>();
    QVERIFY(m_models != nullptr && m_models->isVisible());
    QTRY_VERIFY_WITH_TIMEOUT(table()->rowCount() >= 9, kPatience);
    QTRY_COMPARE_WITH_TIMEOUT(cell("Built-in", 1), QString("in use"), kPatience);
    QCOMPARE(cell(kTinyTitle, 1), QString("not here yet"));
    QTest::qWait(1000); // longer than a request to loopback takes
    QCOMPARE(m_hub.requests().size(), 0);
}

void TestModelsDialog::keysMoveThroughTheList()
{
    table()->selectRow(0);
    table()->setFocus();
    QTest::keyClick(table(), Qt::Key_Down);
    QCOMPARE(table()->currentRow(), 1);
    QVERIFY(button(m_models, "Download")->isEnabled());
    QTest::keyClick(table(), Qt::Key_Tab); // leaves the list
    QVERIFY(!table()->hasFocus());
}

void TestModelsDialog::failureIsTold()
{
    select("SigLIP"); // which this hub does not have
    click(m_models, "Download");
    QTRY_VERIFY_WITH_TIMEOUT(problem(m_models).contains("there is no model google/siglip"),
                             kPatience);
    QVERIFY(problem(m_window.get()).contains("there is no model google/siglip"));
    QTRY_COMPARE_WITH_TIMEOUT(cell("SigLIP", 1), QString("not here yet"), kPatience);
}

void TestModelsDialog::downloadIsCancelledAndGoesOn()
{
    m_hub.setFault(kWeights, {.bytesPerTick = 20'000});
    select(kTinyTitle);
    click(m_models, "Download");
    auto* tray = m_window->findChild<widgets::JobTray*>();
    QTRY_VERIFY_WITH_TIMEOUT(cell(kTinyTitle, 1).startsWith("downloading") &&
                                 cell(kTinyTitle, 1) > "downloading, 10",
                             kPatience);
    QVERIFY(tray->isVisible());
    QVERIFY(button(m_models, "Cancel")->isVisible());
    click(m_models, "Cancel");
    QTRY_VERIFY_WITH_TIMEOUT(cell(kTinyTitle, 1).contains("so far"), kPatience);
    QVERIFY(installedModels().isEmpty());
    m_hub.clearFaults();
    m_hub.forgetRequests();
    click(m_models, "Go on");
    QTRY_COMPARE_WITH_TIMEOUT(cell(kTinyTitle, 1), QString("installed"), kPatience);
    QByteArray range;
    for (const HubServer::Request& request : m_hub.requests()) {
        range += request.headers.value("range");
    }
    QVERIFY2(range.startsWith("bytes="), range.constData());
    QCOMPARE(installedModels().size(), 1);
}

void TestModelsDialog::downloadedModelIsUsed()
{
    QSignalSpy changed(m_window->workspace(), &Workspace::modelChanged);
    select(kTinyTitle);
    QVERIFY(!button(m_models, "Download")->isEnabled());
    click(m_models, "Use");
    QTRY_COMPARE_WITH_TIMEOUT(changed.size(), 1, kPatience);
    QCOMPARE(usedModel(), at("models/" + kTiny));
    QTRY_COMPARE_WITH_TIMEOUT(cell(kTinyTitle, 1), QString("in use"), kPatience);
    QVERIFY(!button(m_models, "Remove")->isEnabled());
    QVERIFY(!button(m_models, "Use")->isEnabled());
}

void TestModelsDialog::unusedModelIsRemoved()
{
    select("Built-in");
    click(m_models, "Use");
    QTRY_COMPARE_WITH_TIMEOUT(cell("Built-in", 1), QString("in use"), kPatience);
    select(kTinyTitle);
    click(m_models, "Remove");
    QTRY_VERIFY(question() != nullptr);
    click(question(), "Remove");
    QTRY_COMPARE_WITH_TIMEOUT(cell(kTinyTitle, 1), QString("not here yet"), kPatience);
    QVERIFY(!QFile::exists(at("models/" + kTiny)));
}

void TestModelsDialog::droppedCheckpointIsOffered()
{
    m_models->close();
    const QDir copy(at("brought"));
    QVERIFY(QDir().mkpath(copy.path()));
    for (const QString& name : QDir(kStarter).entryList(QDir::Files)) {
        QVERIFY(QFile::copy(kStarter + '/' + name, copy.filePath(name)));
    }
    for (const QString& path : {copy.path(), copy.filePath(kWeights)}) {
        drop(m_window.get(), path);
        QTRY_VERIFY(question() != nullptr);
        QVERIFY(question()->text().contains(copy.path()));
        click(question(), "Cancel");
        QTRY_VERIFY(question() == nullptr);
    }
    QCOMPARE(usedModel(), starterModelFolder());
    drop(m_window.get(), copy.path());
    QTRY_VERIFY(question() != nullptr);
    click(question(), "Use it");
    QTRY_COMPARE_WITH_TIMEOUT(usedModel(), copy.path(), kPatience);
}

void TestModelsDialog::droppedPickleIsRefused()
{
    QVERIFY(QDir().mkpath(at("old")));
    QFile pickle(at("old/pytorch_model.bin"));
    QVERIFY(pickle.open(QIODevice::WriteOnly) && pickle.write("a pickle") > 0);
    pickle.close();
    for (const QString& path : {at("old"), pickle.fileName()}) {
        drop(m_window.get(), path);
        QVERIFY2(problem(m_window.get()).contains("can run code") &&
                     problem(m_window.get()).contains("save_file"),
                 qPrintable(problem(m_window.get())));
    }
    QVERIFY(question() == nullptr);
}

void TestModelsDialog::droppedModelNeedsAProject()
{
    m_window = std::make_unique<MainWindow>();
    m_window->show();
    drop(m_window.get(), kStarter);
    QVERIFY(problem(m_window.get()).contains("Open a project first"));
    QVERIFY(m_window->workspace() == nullptr);
}

void TestModelsDialog::cleanupTestCase()
{
    m_window.reset();
    QThreadPool::globalInstance()->waitForDone();
}

QTEST_MAIN(TestModelsDialog)
#include "tst_models_dialog.moc"
