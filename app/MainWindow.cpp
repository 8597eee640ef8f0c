#include "app/MainWindow.h"

#include "app/ModelChoice.h"
#include "app/ModelStore.h"
#include "app/ModelsDialog.h"
#include "app/ParserRunsDialog.h"
#include "app/jobs/DemoJob.h"
#include "app/llm/LlmDialog.h"
#include "app/pages/ComparePage.h"
#include "app/pages/ImportPage.h"
#include "app/pages/ReportPage.h"
#include "app/pages/TrainPage.h"
#include "app/pages/VerifyPage.h"
#include "app/vocabulary/VocabularyDialog.h"
#include "db/ImageRepository.h"
#include "widgets/Banner.h"
#include "widgets/DropArea.h"
#include "widgets/JobTray.h"
#include "widgets/NavigationRail.h"

#include <QActionGroup>
#include <QApplication>
#include <QCloseEvent>
#include <QDir>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QMenuBar>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QSettings>
#include <QStackedWidget>
#include <QStandardPaths>
#include <QVBoxLayout>

namespace tagalign::app {

namespace {

widgets::TrayJob trayJobOf(const JobQueue::Job& job)
{
    using Tray = widgets::TrayJob::State;
    const Tray state = job.isOver()                            ? Tray::Over
                       : job.state == JobQueue::State::Running ? Tray::Running
                       : job.state == JobQueue::State::Paused  ? Tray::Paused
                                                               : Tray::Queued;
    const QString bytes = job.progress.unit == JobProgress::Unit::Bytes
                              ? QStringLiteral(", ") + job.progress.count()
                              : QString();
    return {.id = job.id,
            .title = job.title,
            .sentence = job.isOver() ? job.message : job.progress.sentence + bytes,
            .fraction = job.progress.total > 0
                            ? double(job.progress.done) / double(job.progress.total)
                            : -1.0,
            .remaining = remainingText(job.remainingMs()),
            .state = state};
}

} // namespace

MainWindow::MainWindow(QWidget* parent)
    : QMainWindow(parent),
      m_rail(new widgets::NavigationRail(this)),
      m_pages(new QStackedWidget(this)),
      m_tray(new widgets::JobTray(this)),
      m_note(new widgets::Banner(widgets::Banner::Kind::Note, this)),
      m_problem(new widgets::Banner(widgets::Banner::Kind::Problem, this))
{
    m_rail->addPage(tr("Import"), tr("What do I have?"));
    m_rail->addPage(tr("Verify"), tr("Are these tags really there?"));
    m_rail->addPage(tr("Train"), tr("Make it better"));
    m_rail->addPage(tr("Compare"), tr("Did it get better, where?"));
    m_rail->addPage(tr("Report"), tr("Go or no-go?"));
    auto* centre = new QWidget(this);
    auto* column = new QVBoxLayout;
    column->setSpacing(0);
    column->addWidget(m_note);
    column->addWidget(m_problem);
    column->addWidget(m_pages, 1);
    column->addWidget(m_tray);
    auto* row = new QHBoxLayout(centre);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(m_rail);
    row->addLayout(column, 1);
    setCentralWidget(centre);
    setAcceptDrops(true);
    connect(m_note, &widgets::Banner::linkActivated, this, &MainWindow::showModels);
    connect(m_rail, &widgets::NavigationRail::currentChanged, this, [this](int chosen) {
        m_pages->setCurrentIndex(chosen);
        m_pages->currentWidget()->setFocus();
    });
    connect(m_tray, &widgets::JobTray::cancelRequested, this, [this](int id) {
        for (JobQueue* queue : queues()) {
            queue->cancel(id);
        }
    });
    connect(m_tray, &widgets::JobTray::pauseRequested, this, [this](int id, bool paused) {
        for (JobQueue* queue : queues()) {
            queue->setPaused(id, paused);
        }
    });
    connect(m_tray, &widgets::JobTray::dismissRequested, this, [this](int id) {
        for (JobQueue* queue : queues()) {
            queue->dismiss(id);
        }
    });
    connect(&m_downloads, &ModelDownloads::changed, this, &MainWindow::showJobs);
    connect(&m_downloads, &ModelDownloads::ended, this,
            [this](const QString&, const QString& problem) {
                if (!problem.isEmpty()) {
                    showProblem(problem);
                }
            });
    m_clock.setInterval(500); // remaining times go down between progress reports
    connect(&m_clock, &QTimer::timeout, this, &MainWindow::showJobs);
    m_clock.start();
    makeMenus();
    resize(1280, 800);
    restoreGeometry(QSettings().value(QStringLiteral("geometry")).toByteArray());
    showEmpty();
}

MainWindow::~MainWindow() = default;

void MainWindow::makeMenus()
{
    QMenu* file = menuBar()->addMenu(tr("&Project"));
    file->addAction(tr("&Open or make a project…"), QKeySequence::Open, this,
                    &MainWindow::chooseProject);
    QMenu* demos = file->addMenu(tr("Open a &demo"));
    demos->setToolTipsVisible(true);
    for (const DemoPilot& pilot : demoPilots()) {
        QAction* action = demos->addAction(pilot.title, this, [this, &pilot] { openDemo(pilot); });
        action->setToolTip(pilot.about);
    }
    file->addAction(tr("&Model…"), this, &MainWindow::showModels);
    file->addAction(tr("Read tags with a &language model…"), this, &MainWindow::showLanguageModel);
    file->addAction(tr("Parser &runs…"), QKeySequence(Qt::CTRL | Qt::Key_R), this,
                    &MainWindow::showParserRuns);
    file->addAction(tr("&Vocabulary…"), QKeySequence(Qt::CTRL | Qt::Key_T), this,
                    &MainWindow::showVocabulary);
    file->addSeparator();
    file->addAction(tr("&Quit"), QKeySequence::Quit, this, &QWidget::close);
    makeViewMenu();
    QMenu* help = menuBar()->addMenu(tr("&Help"));
    QAction* keys = help->addAction(tr("&Keys"), this, [this] {
        auto* box = new QMessageBox(
            QMessageBox::NoIcon, tr("Keys"),
            tr("<b>Verify</b><br>A accept · X reject · Space unsure · Backspace undo<br>"
               "← → picture · ↑ ↓ tag · 1–9 choose a tag · H heatmap · T trace<br>"
               "O most doubtful tags first, or as imported · P precision and coverage<br><br>"
               "<b>Pictures</b><br>Wheel, + and − zoom · drag moves · 0 fits<br><br>"
               "<b>Everywhere</b><br>Ctrl+1 … Ctrl+5 pages · Ctrl+O project · Ctrl+R parser runs · "
               "Ctrl+T vocabulary · "
               "F1 or ? this list"),
            QMessageBox::Close, this);
        box->setAttribute(Qt::WA_DeleteOnClose);
        box->open();
    });
    keys->setShortcuts({QKeySequence(Qt::Key_F1), QKeySequence(Qt::Key_Question)});
}

void MainWindow::makeViewMenu()
{
    QMenu* view = menuBar()->addMenu(tr("&View"));
    const QStringList pages{tr("&Import"), tr("&Verify"), tr("&Train"), tr("&Compare"),
                            tr("&Report")};
    for (int page = 0; page < pages.size(); ++page) {
        view->addAction(pages.at(page), QKeySequence(Qt::CTRL | Qt::Key(Qt::Key_1 + page)), this,
                        [this, page] {
                            if (m_workspace) {
                                showPage(Page(page));
                            }
                        });
    }
    view->addSeparator();
    auto* themes = new QActionGroup(this);
    const int chosen = QSettings().value(QStringLiteral("theme"), 0).toInt();
    const QList<std::pair<QString, widgets::ColorScheme>> schemes{
        {tr("Colours of the &system"), widgets::ColorScheme::System},
        {tr("&Light"), widgets::ColorScheme::Light},
        {tr("&Dark"), widgets::ColorScheme::Dark}};
    for (const auto& [name, scheme] : schemes) {
        QAction* action = view->addAction(name, this, [this, s = scheme] { setTheme(s); });
        action->setCheckable(true);
        action->setChecked(chosen == int(scheme));
        themes->addAction(action);
    }
}

void MainWindow::setTheme(widgets::ColorScheme scheme)
{
    QSettings().setValue(QStringLiteral("theme"), int(scheme));
    widgets::applyTheme(*qApp, scheme);
}

void MainWindow::showEmpty()
{
    QStringList buttons{tr("Choose a folder…")};
    for (const DemoPilot& pilot : demoPilots()) {
        buttons.append(tr("Demo: %1").arg(pilot.title));
    }
    auto* empty = new widgets::DropArea(
        tr("TagAlign Studio"),
        tr("Drop a folder of pictures with captions, or a project, here. Or choose a folder: an "
           "existing project is opened, an empty or new folder becomes one. Or try a demo: "
           "composed pictures, some verdicts and a first run are made in a minute."),
        buttons, this);
    // Queued: what is opened takes this page away.
    connect(
        empty, &widgets::DropArea::clicked, this,
        [this](int button) {
            button == 0 ? chooseProject() : openDemo(demoPilots().at(button - 1));
        },
        Qt::QueuedConnection);
    connect(
        empty, &widgets::DropArea::dropped, this,
        [this](const QList<QUrl>& urls) {
            for (const QUrl& url : urls) {
                openDropped(url.toLocalFile());
            }
        },
        Qt::QueuedConnection);
    m_pages->addWidget(empty);
    m_rail->setEnabled(false);
    setWindowTitle(tr("TagAlign Studio"));
}

bool MainWindow::openProject(const QString& folder, Missing missing)
{
    std::unique_ptr<Workspace> opened;
    try {
        opened = std::make_unique<Workspace>(
            missing == Missing::Make ? Project::openOrCreate(folder) : Project::open(folder));
    } catch (const std::exception& error) {
        showProblem(QString::fromUtf8(error.what()));
        return false;
    }
    delete m_languageModel;
    delete m_parserRuns;
    delete m_vocabulary;
    while (m_pages->count() > 0) {
        delete m_pages->widget(0); // pages first: they hold the old workspace
    }
    m_workspace = std::move(opened);
    makePages();
    connect(m_workspace.get(), &Workspace::problem, this, &MainWindow::showProblem);
    connect(m_workspace.get(), &Workspace::modelChanged, this, &MainWindow::showUsedModel);
    connect(m_workspace.get(), &Workspace::captionsRead, this, &MainWindow::tellSkipped);
    connect(&m_workspace->jobs, &JobQueue::changed, this, &MainWindow::showJobs);
    connect(&m_workspace->jobs, &JobQueue::finished, m_workspace.get(), &Workspace::runsChanged);
    m_rail->setEnabled(true);
    m_problem->hide();
    setWindowTitle(tr("%1 – TagAlign Studio").arg(m_workspace->project().name()));
    QSettings().setValue(QStringLiteral("project"), m_workspace->project().folder());
    showUsedModel();
    return true;
}

void MainWindow::openDemo(const DemoPilot& pilot)
{
    const QString home = QStandardPaths::writableLocation(QStandardPaths::AppDataLocation);
    if (!openProject(QStringLiteral("%1/%2.tagalign").arg(home, pilot.name))) {
        return;
    }
    m_workspace->session.ask(
        this,
        [](db::Database& database) {
            return db::ImageRepository(database.connection()).counts().images;
        },
        [this, &pilot](int images) {
            if (images == 0) {
                makeDemo(pilot);
            }
        });
}

/// Pictures first, then what an analyst would have done by now: some verdicts and a first run.
void MainWindow::makeDemo(const DemoPilot& pilot)
{
    auto pairs = std::make_shared<QString>();
    m_workspace->jobs.add(
        tr("Demo"),
        [project = m_workspace->project(), &pilot, pairs](JobContext& context) {
            *pairs = makeDemoPairs(project, pilot, kDemoPictures, context);
        },
        [this, pairs] {
            m_importPage->importFrom(*pairs);
            m_workspace->jobs.add(
                tr("Simulated reviewer"),
                [project = m_workspace->project()](JobContext& context) {
                    reviewDemo(project, kDemoReviewShare, context);
                },
                [this] {
                    Q_EMIT m_workspace->tagsChanged();
                    static_cast<VerifyPage*>(page(kVerify))->showNextOpen();
                });
            m_trainPage->start();
        });
}

/// A project is opened, a checkpoint offered as the project's model; anything else is imported,
/// without an open project into a new one beside it.
void MainWindow::openDropped(const QString& path)
{
    const QFileInfo dropped(QDir::cleanPath(path));
    if (QFileInfo::exists(path + QStringLiteral("/project.sqlite"))) {
        openProject(path);
        return;
    }
    try {
        if (const auto checkpoint = checkpointAt(path)) {
            offerModel(*checkpoint);
            return;
        }
    } catch (const model::Error& error) {
        showProblem(QString::fromUtf8(error.what()));
        return;
    }
    const QString beside = dropped.path() + QLatin1Char('/') + dropped.completeBaseName() +
                           QStringLiteral(".tagalign");
    if (m_workspace || openProject(beside)) {
        showPage(kImport);
        m_importPage->importFrom(path);
    }
}

void MainWindow::makePages()
{
    m_importPage = new ImportPage(*m_workspace, this);
    connect(m_importPage, &ImportPage::dropped, this, &MainWindow::openDropped);
    m_pages->addWidget(m_importPage);
    m_pages->addWidget(new VerifyPage(*m_workspace, this));
    m_trainPage = new TrainPage(*m_workspace, this);
    m_pages->addWidget(m_trainPage);
    m_pages->addWidget(new ComparePage(*m_workspace, this));
    m_pages->addWidget(new ReportPage(*m_workspace, this));
    showPage(kVerify);
}

QWidget* MainWindow::page(Page page) const
{
    return m_pages->widget(page);
}

void MainWindow::showPage(Page page)
{
    m_rail->setCurrent(page);
    m_pages->setCurrentIndex(page);
    m_pages->currentWidget()->setFocus();
}

void MainWindow::chooseProject()
{
    auto* dialog = new QFileDialog(this, tr("Project folder"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    connect(dialog, &QFileDialog::fileSelected, this,
            [this](const QString& folder) { openProject(folder); });
    dialog->open();
}

void MainWindow::showModels()
{
    if (!m_models) {
        m_models = new ModelsDialog(m_downloads, this);
        m_models->setUsedModel(m_usedModel);
        connect(m_models, &ModelsDialog::modelChosen, this, [this](const QString& folder) {
            if (m_workspace) {
                m_workspace->chooseModel(folder);
            } else {
                showProblem(tr("Open a project first: a model belongs to it."));
            }
        });
    }
    bringUp(m_models);
}

/// To the front, as it may lie behind another window.
void MainWindow::bringUp(QDialog* dialog)
{
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->show();
    dialog->raise();
    dialog->activateWindow();
}

void MainWindow::showLanguageModel()
{
    if (!m_workspace) {
        showProblem(tr("Open a project first: its captions are what a language model reads."));
        return;
    }
    if (!m_languageModel) {
        m_languageModel = new LlmDialog(*m_workspace, this);
    }
    bringUp(m_languageModel);
}

void MainWindow::showParserRuns()
{
    if (!m_workspace) {
        showProblem(tr("Open a project first: its captions are what parsers read."));
        return;
    }
    if (!m_parserRuns) {
        m_parserRuns = new ParserRunsDialog(*m_workspace, this);
        connect(m_parserRuns, &ParserRunsDialog::languageModelRequested, this,
                &MainWindow::runLanguageModelAgain);
        connect(m_parserRuns, &ParserRunsDialog::pictureRequested, this,
                [this](db::ImageId image, db::TagId tag) {
                    showPage(kVerify);
                    static_cast<VerifyPage*>(page(kVerify))->showTag(image, tag);
                });
    }
    bringUp(m_parserRuns);
}

/// Its model and prompt are filled in; a person sees what it costs and starts it.
void MainWindow::runLanguageModelAgain(db::ParserRunId id)
{
    m_workspace->session.ask(
        this,
        [id](db::Database& database) {
            const db::ParserRun run = parserRun(database, id);
            LlmSettings settings = LlmSettings::load(database);
            settings.model = run.parserVersion;
            promptOf(database, run).save(database);
            settings.save(database);
        },
        [this] {
            showLanguageModel();
            m_languageModel->load();
        });
}

void MainWindow::showVocabulary()
{
    if (!m_workspace) {
        showProblem(tr("Open a project first: the vocabulary are its tags."));
        return;
    }
    if (!m_vocabulary) {
        m_vocabulary = new VocabularyDialog(*m_workspace, this);
    }
    bringUp(m_vocabulary);
}

/// The dialog lists them all; where it was closed, one sentence does.
void MainWindow::tellSkipped(const LlmSummary& summary)
{
    if (!m_languageModel && !summary.failures.isEmpty()) {
        showProblem(
            tr("The language model left %1 captions unread, such as \"%2\": %3. Starting it "
               "again tries them once more.")
                .arg(summary.failures.size())
                .arg(summary.failures.first().caption, summary.failures.first().reason));
    }
}

void MainWindow::offerModel(const QString& folder)
{
    if (!m_workspace) {
        showProblem(tr("%1 is a model. Open a project first, then drop it again.").arg(folder));
        return;
    }
    auto* box = new QMessageBox(QMessageBox::Question, tr("Model"),
                                tr("Use the model in %1 for this project? Its pictures are encoded "
                                   "anew with it.")
                                    .arg(folder),
                                QMessageBox::Cancel, this);
    QPushButton* use = box->addButton(tr("Use it"), QMessageBox::AcceptRole);
    box->setDefaultButton(use);
    box->setAttribute(Qt::WA_DeleteOnClose);
    connect(use, &QPushButton::clicked, m_workspace.get(),
            [this, folder] { m_workspace->chooseModel(folder); });
    box->open();
}

void MainWindow::showUsedModel()
{
    m_workspace->session.ask(
        this, [](db::Database& database) { return checkpointOf(database); },
        [this](const QString& checkpoint) {
            m_usedModel = checkpoint;
            if (m_models) {
                m_models->setUsedModel(checkpoint);
            }
            m_note->hide();
            if (isStarterModel(checkpoint)) {
                m_note->showText(
                    tr("This is the demo model: good for trying the program, of no use on real "
                       "photos. <a href=\"model\">Choose a published one…</a>"));
            }
        });
}

void MainWindow::showProblem(const QString& sentence)
{
    m_problem->showText(sentence.toHtmlEscaped());
}

QList<JobQueue*> MainWindow::queues()
{
    QList<JobQueue*> queues{&m_downloads.jobs};
    if (m_workspace) {
        queues.prepend(&m_workspace->jobs);
    }
    return queues;
}

void MainWindow::showJobs()
{
    QList<widgets::TrayJob> jobs;
    for (const JobQueue* queue : queues()) {
        for (const JobQueue::Job& job : queue->jobs()) {
            // What went well is over; what failed stays until it was read.
            if (!job.isOver() || job.state == JobQueue::State::Failed) {
                jobs.append(trayJobOf(job));
            }
        }
    }
    m_tray->setJobs(jobs);
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    QSettings().setValue(QStringLiteral("geometry"), saveGeometry());
    for (JobQueue* queue : queues()) {
        queue->cancelAll();
    }
    event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    if (event->mimeData()->hasUrls()) {
        event->acceptProposedAction();
    }
}

void MainWindow::dropEvent(QDropEvent* event)
{
    for (const QUrl& url : event->mimeData()->urls()) {
        openDropped(url.toLocalFile());
    }
}

} // namespace tagalign::app
