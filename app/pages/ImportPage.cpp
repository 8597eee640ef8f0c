#include "app/pages/ImportPage.h"

#include "db/ImageRepository.h"
#include "widgets/DropArea.h"

#include <QFileDialog>
#include <QHeaderView>
#include <QLabel>
#include <QTableWidget>
#include <QVBoxLayout>

#include <memory>

namespace tagalign::app {

ImportPage::ImportPage(Workspace& workspace, QWidget* parent)
    : QWidget(parent),
      m_workspace(workspace),
      m_counts(new QLabel(this)),
      m_summary(new QLabel(this)),
      m_problems(new QTableWidget(0, 2, this))
{
    auto* drop = new widgets::DropArea(
        tr("Drop pictures with captions here"),
        tr("A folder or a file: captions.jsonl, CSV or TSV, COCO captions, Flickr8k, Hugging Face "
           "imagefolder, or pictures with a text file beside each."),
        tr("Choose a folder…"), this);
    connect(drop, &widgets::DropArea::clicked, this, &ImportPage::chooseSource);
    connect(drop, &widgets::DropArea::dropped, this, [this](const QList<QUrl>& urls) {
        for (const QUrl& url : urls) {
            importFrom(url.toLocalFile());
        }
    });
    m_counts->setFont(widgets::headingFont(this));
    m_summary->setWordWrap(true);
    m_problems->setHorizontalHeaderLabels({tr("Where"), tr("What is wrong")});
    m_problems->horizontalHeader()->setSectionResizeMode(1, QHeaderView::Stretch);
    m_problems->setColumnWidth(0, 32 * widgets::kGrid);
    m_problems->verticalHeader()->hide();
    m_problems->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_problems->hide();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(3 * widgets::kGrid, 3 * widgets::kGrid, 3 * widgets::kGrid,
                               3 * widgets::kGrid);
    layout->setSpacing(2 * widgets::kGrid);
    layout->addWidget(m_counts);
    layout->addWidget(drop, 1);
    layout->addWidget(m_summary);
    layout->addWidget(m_problems, 1);
    connect(&workspace, &Workspace::imagesChanged, this, &ImportPage::showCounts);
    connect(&workspace, &Workspace::tagsChanged, this, &ImportPage::showCounts);
    showCounts();
}

void ImportPage::chooseSource()
{
    auto* dialog = new QFileDialog(this, tr("Pictures with captions"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    connect(dialog, &QFileDialog::fileSelected, this, &ImportPage::importFrom);
    dialog->open();
}

void ImportPage::importFrom(const QString& source)
{
    const Project project = m_workspace.project();
    auto summary = std::make_shared<ImportSummary>();
    m_workspace.jobs.add(
        tr("Import"),
        [project, source, summary](JobContext& context) {
            *summary = importPairs(project, source, context);
        },
        [this, summary] {
            showSummary(*summary);
            Q_EMIT m_workspace.imagesChanged();
        });
    m_workspace.queueTagsAndFeatures();
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

void ImportPage::showSummary(const ImportSummary& summary)
{
    m_summary->setText(tr("%1: %2").arg(summary.format, summary.sentence()));
    m_problems->setRowCount(int(summary.problems.size()));
    for (int row = 0; row < m_problems->rowCount(); ++row) {
        m_problems->setItem(row, 0, new QTableWidgetItem(summary.problems.at(row).where));
        m_problems->setItem(row, 1, new QTableWidgetItem(summary.problems.at(row).message));
    }
    m_problems->setVisible(m_problems->rowCount() > 0);
}

} // namespace tagalign::app
