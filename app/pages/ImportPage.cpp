#include "app/pages/ImportPage.h"

#include "app/pages/PictureList.h"
#include "db/ImageRepository.h"
#include "widgets/DropArea.h"

#include <QHeaderView>
#include <QLabel>
#include <QListView>
#include <QTableWidget>
#include <QVBoxLayout>

#include <memory>

namespace tagalign::app {

ImportPage::ImportPage(Workspace& workspace, QWidget* parent)
    : QWidget(parent),
      m_workspace(workspace),
      m_counts(new QLabel(this)),
      m_summary(new QLabel(this)),
      m_problems(new QTableWidget(0, 2, this)),
      m_pictures(new PictureList(workspace, this)),
      m_view(new QListView(this))
{
    auto* drop = new widgets::DropArea(
        tr("Drop pictures with captions here"),
        tr("A folder or a file: captions.jsonl, CSV or TSV, COCO captions, Flickr8k, Hugging Face "
           "imagefolder, or pictures with a text file beside each."),
        {tr("Choose a folder…"), tr("Choose a file…")}, this);
    connect(drop, &widgets::DropArea::clicked, this, [this](int button) {
        choose(button == 0 ? QFileDialog::Directory : QFileDialog::ExistingFile);
    });
    connect(drop, &widgets::DropArea::dropped, this, [this](const QList<QUrl>& urls) {
        for (const QUrl& url : urls) {
            Q_EMIT dropped(url.toLocalFile());
        }
    });
    m_counts->setFont(widgets::headingFont(this));
    m_summary->setWordWrap(true);
    m_problems->setHorizontalHeaderLabels({tr("Where"), tr("What is wrong")});
    m_problems->horizontalHeader()->setSectionResizeMode(1, QHeaderView::Stretch);
    m_problems->setColumnWidth(0, 32 * widgets::kGrid);
    m_problems->verticalHeader()->hide();
    m_problems->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_problems->setAccessibleName(tr("Problems"));
    m_problems->setWordWrap(true);
    m_problems->hide();
    m_view->setModel(m_pictures);
    m_view->setViewMode(QListView::IconMode);
    m_view->setIconSize({14 * widgets::kGrid, 12 * widgets::kGrid});
    m_view->setGridSize({18 * widgets::kGrid, 16 * widgets::kGrid});
    m_view->setResizeMode(QListView::Adjust);
    m_view->setMovement(QListView::Static);
    m_view->setUniformItemSizes(true);
    m_view->setSelectionMode(QAbstractItemView::NoSelection);
    m_view->setAccessibleName(tr("Pictures"));
    m_view->hide();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(3 * widgets::kGrid, 3 * widgets::kGrid, 3 * widgets::kGrid,
                               3 * widgets::kGrid);
    layout->setSpacing(2 * widgets::kGrid);
    layout->addWidget(m_counts);
    layout->addWidget(drop, 1);
    layout->addWidget(m_summary);
    layout->addWidget(m_problems, 1);
    layout->addWidget(m_view, 3);
    connect(&workspace, &Workspace::imagesChanged, this, &ImportPage::showCounts);
    connect(&workspace, &Workspace::imagesChanged, this, &ImportPage::showPictures);
    connect(&workspace, &Workspace::tagsChanged, this, &ImportPage::showCounts);
    connect(&workspace, &Workspace::featuresChanged, this, &ImportPage::addProblems);
    connect(&workspace.jobs, &JobQueue::finished, this, [this](int job) {
        if (m_imports.remove(job)) { // whatever became of it: what it stored is there
            Q_EMIT m_workspace.imagesChanged();
        }
    });
    showCounts();
    showPictures();
}

void ImportPage::choose(QFileDialog::FileMode mode)
{
    auto* dialog = new QFileDialog(this, tr("Pictures with captions"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(mode);
    if (mode == QFileDialog::ExistingFile) {
        dialog->setNameFilter(
            tr("Lists of captions (*.jsonl *.ndjson *.json *.csv *.tsv *.txt *.token *.tar)"));
    }
    connect(dialog, &QFileDialog::fileSelected, this, &ImportPage::importFrom);
    dialog->open();
}

void ImportPage::importFrom(const QString& source)
{
    auto summary = std::make_shared<ImportSummary>();
    m_imports.insert(m_workspace.jobs.add(
        tr("Import"),
        [project = m_workspace.project(), source, summary](JobContext& context) {
            *summary = importPairs(project, source, context);
        },
        [this, summary] { showSummary(*summary); }));
    m_workspace.queueTags();
    m_workspace.queueFeatures();
}

void ImportPage::showCounts()
{
    m_workspace.session.ask(
        this,
        [](db::Database& database) { return db::ImageRepository(database.connection()).counts(); },
        [this](const db::Counts& counts) {
            m_counts->setText(counts.images == 0 ? tr("No pictures yet")
                                                 : tr("%1 pictures · %2 captions · %3 tags in use")
                                                       .arg(counts.images)
                                                       .arg(counts.captions)
                                                       .arg(counts.tags));
        });
}

void ImportPage::showPictures()
{
    m_workspace.session.ask(
        this,
        [](db::Database& database) { return db::ImageRepository(database.connection()).images(); },
        [this](const QList<db::Image>& images) {
            m_pictures->setImages(images);
            m_view->setVisible(!images.isEmpty());
        });
}

void ImportPage::showSummary(const ImportSummary& summary)
{
    m_summary->setText(tr("%1: %2").arg(summary.format, summary.sentence()));
    m_problems->setRowCount(0);
    addProblems(summary.problems);
}

void ImportPage::addProblems(const QList<ImportProblem>& problems)
{
    for (const ImportProblem& problem : problems) {
        const int row = m_problems->rowCount();
        m_problems->insertRow(row);
        m_problems->setItem(row, 0, new QTableWidgetItem(problem.where));
        m_problems->setItem(row, 1, new QTableWidgetItem(problem.message));
    }
    m_problems->setVisible(m_problems->rowCount() > 0);
}

} // namespace tagalign::app
