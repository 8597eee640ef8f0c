#include "app/ModelsDialog.h"

#include "app/ModelChoice.h"
#include "app/ModelDownloads.h"
#include "app/ModelEstimate.h"
#include "model/Error.h"
#include "widgets/Banner.h"
#include "widgets/Theme.h"

#include <QCoreApplication>
#include <QDesktopServices>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMessageBox>
#include <QPointer>
#include <QProgressBar>
#include <QPushButton>
#include <QTableWidget>
#include <QThreadPool>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>

namespace tagalign::app {

namespace {

enum Column { kTitle, kState, kSize, kMemory, kSpeed, kColumns };

QString megabytes(qint64 bytes)
{
    return ModelsDialog::tr("%1 MB").arg(bytes / 1'000'000);
}

QString gigabytes(qint64 bytes)
{
    return ModelsDialog::tr("%1 GB").arg(double(bytes) / 1e9, 0, 'f', 1);
}

QString speedText(double imagesPerSecond)
{
    return QString::number(imagesPerSecond, 'f', imagesPerSecond < 10.0 ? 1 : 0);
}

QString joined(const QStringList& parts)
{
    return parts.join(QStringLiteral(" · ")).toHtmlEscaped();
}

/// Runs work elsewhere, then then(result) here, unless the dialog is closed by then.
template <class Work, class Then>
void inBackground(QObject* receiver, Work work, Then then)
{
    // Not QFuture::then: Qt 6.4 asserts where its receiver is gone.
    QThreadPool::globalInstance()->start(
        [guard = QPointer<QObject>(receiver), work = std::move(work), then = std::move(then)] {
            auto result = work();
            QMetaObject::invokeMethod(
                QCoreApplication::instance(),
                [guard, then, result = std::move(result)] {
                    if (guard) {
                        then(result);
                    }
                },
                Qt::QueuedConnection);
        });
}

} // namespace

ModelsDialog::ModelsDialog(ModelDownloads& downloads, QWidget* parent)
    : QDialog(parent),
      m_downloads(downloads),
      m_problem(new widgets::Banner(widgets::Banner::Kind::Problem, this)),
      m_table(new QTableWidget(0, kColumns, this)),
      m_details(new QLabel(this)),
      m_progress(new QProgressBar(this)),
      m_progressText(new QLabel(this)),
      m_use(new QPushButton(tr("&Use in this project"), this)),
      m_download(new QPushButton(tr("&Download"), this)),
      m_cancel(new QPushButton(tr("&Cancel the download"), this)),
      m_remove(new QPushButton(tr("&Remove…"), this)),
      m_show(new QPushButton(tr("&Show folder"), this))
{
    setWindowTitle(tr("Models"));
    auto* note = new QLabel(tr("The model looks at your pictures; a better one finds more. Nothing "
                               "is downloaded until you press Download. Without a network, choose "
                               "a folder that you brought from elsewhere, or drop it on the "
                               "window."),
                            this);
    note->setWordWrap(true);
    makeTable();
    m_details->setWordWrap(true);
    m_details->setTextFormat(Qt::RichText);
    m_details->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_details->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    m_details->setMinimumHeight(15 * widgets::kGrid);
    m_progress->setTextVisible(false);
    m_progress->setAccessibleName(tr("Download"));
    m_progress->setFixedWidth(24 * widgets::kGrid);
    auto* progress = new QHBoxLayout;
    progress->setSpacing(widgets::kGrid);
    progress->addWidget(m_progress);
    progress->addWidget(m_progressText, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(3 * widgets::kGrid, 3 * widgets::kGrid, 3 * widgets::kGrid,
                               3 * widgets::kGrid);
    layout->setSpacing(2 * widgets::kGrid);
    layout->addWidget(note);
    layout->addWidget(m_problem);
    layout->addWidget(m_table, 1);
    layout->addWidget(m_details);
    layout->addLayout(progress);
    makeButtons();
    resize(960, 640);
    connect(&downloads, &ModelDownloads::changed, this, &ModelsDialog::showStates);
    connect(&downloads, &ModelDownloads::ended, this,
            [this](const QString&, const QString& problem) {
                if (!problem.isEmpty()) {
                    m_problem->showText(problem.toHtmlEscaped());
                }
                reload();
            });
    showChosen();
    reload();
    measure();
}

void ModelsDialog::makeTable()
{
    m_table->setHorizontalHeaderLabels({tr("Model"), tr("State"), tr("Size"), tr("Memory, about"),
                                        tr("Pictures a second, about")});
    const QString estimate =
        tr("An estimate for this machine: the model's size and work, and how quickly this machine "
           "multiplied matrices just now. A busy machine is slower.");
    for (const int column : {int(kMemory), int(kSpeed)}) {
        m_table->horizontalHeaderItem(column)->setToolTip(estimate);
    }
    for (int column = kSize; column < kColumns; ++column) {
        m_table->horizontalHeaderItem(column)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    }
    m_table->horizontalHeaderItem(kTitle)->setTextAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_table->horizontalHeaderItem(kState)->setTextAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_table->horizontalHeader()->setSectionResizeMode(kTitle, QHeaderView::Stretch);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->verticalHeader()->hide();
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setTabKeyNavigation(false);
    m_table->setAccessibleName(tr("Models"));
    connect(m_table, &QTableWidget::itemSelectionChanged, this, &ModelsDialog::showChosen);
}

void ModelsDialog::makeButtons()
{
    auto* folder = new QPushButton(tr("Choose a &folder…"), this);
    auto* close = new QPushButton(tr("Close"), this);
    auto* row = new QHBoxLayout;
    row->setSpacing(widgets::kGrid);
    for (QPushButton* button : {m_use, m_download, m_cancel, m_remove, m_show}) {
        row->addWidget(button);
    }
    row->addStretch();
    row->addWidget(folder);
    row->addWidget(close);
    static_cast<QVBoxLayout*>(layout())->addLayout(row);
    connect(m_use, &QPushButton::clicked, this, [this] { Q_EMIT modelChosen(chosen()->folder); });
    connect(m_download, &QPushButton::clicked, this, [this] {
        m_problem->hide();
        m_downloads.start(chosen()->name);
    });
    connect(m_cancel, &QPushButton::clicked, this, [this] { m_downloads.cancel(chosen()->name); });
    connect(m_remove, &QPushButton::clicked, this, &ModelsDialog::removeChosen);
    connect(m_show, &QPushButton::clicked, this,
            [this] { QDesktopServices::openUrl(QUrl::fromLocalFile(chosen()->folder)); });
    connect(close, &QPushButton::clicked, this, &QDialog::close);
    connect(folder, &QPushButton::clicked, this, [this] {
        auto* dialog = new QFileDialog(this, tr("Folder of a CLIP checkpoint"));
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->setFileMode(QFileDialog::Directory);
        connect(dialog, &QFileDialog::fileSelected, this, &ModelsDialog::choose);
        dialog->open();
    });
}

/// The built-in one, the catalogue's, what else is installed, and what the project uses besides.
ModelsDialog::Content ModelsDialog::readContent(const QString& usedFolder)
{
    Content content;
    try {
        const auto isOf = [](const QString& folder) {
            return [folder](const Row& row) { return row.folder == folder; };
        };
        content.rows.append({.title = tr("Built-in demo model"), .folder = starterModelFolder()});
        QList<InstalledModel> installed = installedModels();
        for (const CatalogueModel& model : modelCatalogue()) {
            Row row{.name = model.name, .title = model.title, .published = model};
            row.partlyFetched = partlyFetchedBytes(model.name);
            const auto there =
                std::find_if(installed.begin(), installed.end(),
                             [&](const InstalledModel& each) { return each.name == model.name; });
            if (there != installed.end()) {
                row.installed = *there;
                row.folder = there->folder;
                installed.erase(there);
            }
            content.rows.append(row);
        }
        for (const InstalledModel& model : installed) {
            content.rows.append({.name = model.name,
                                 .title = model.bundle ? model.bundle->repository : model.name,
                                 .installed = model,
                                 .folder = model.folder});
        }
        if (!usedFolder.isEmpty() &&
            std::none_of(content.rows.begin(), content.rows.end(), isOf(usedFolder))) {
            content.rows.append({.title = QFileInfo(usedFolder).fileName(), .folder = usedFolder});
        }
    } catch (const model::Error& error) {
        content.problem = QString::fromUtf8(error.what());
    }
    return content;
}

void ModelsDialog::reload()
{
    inBackground(
        this, [used = m_usedFolder] { return readContent(used); },
        [this](const Content& content) { showRows(content); });
}

void ModelsDialog::measure()
{
    inBackground(
        this,
        [] {
            QThreadPool* pool = QThreadPool::globalInstance();
            pool->releaseThread(); // it takes seconds: the rows must not wait for it
            const auto back = qScopeGuard([pool] { pool->reserveThread(); });
            try {
                return measuredOperationsPerSecond();
            } catch (const model::Error&) { // then there is no estimate
                return 0.0;
            }
        },
        [this](double operationsPerSecond) {
            m_operationsPerSecond = operationsPerSecond;
            showStates();
        });
}

void ModelsDialog::showRows(const Content& content)
{
    if (!content.problem.isEmpty()) {
        m_problem->showText(content.problem.toHtmlEscaped());
    }
    const QString before = chosen() != nullptr ? chosen()->title : QString();
    int selected = -1;
    {
        const QSignalBlocker quiet(m_table);
        m_rows = content.rows;
        m_table->setRowCount(int(m_rows.size()));
        for (int i = 0; i < m_rows.size(); ++i) {
            for (int column = 0; column < kColumns; ++column) {
                auto* item = new QTableWidgetItem;
                item->setTextAlignment((column >= kSize ? Qt::AlignRight : Qt::AlignLeft) |
                                       Qt::AlignVCenter);
                m_table->setItem(i, column, item);
            }
            const bool isWanted =
                before.isEmpty() ? isUsed(m_rows.at(i)) : m_rows.at(i).title == before;
            selected = isWanted ? i : selected;
        }
        m_table->selectRow(selected >= 0 || m_rows.isEmpty() ? selected : 0);
    }
    showStates();
}

void ModelsDialog::showStates()
{
    for (int i = 0; i < m_rows.size() && i < m_table->rowCount(); ++i) {
        const Row& row = m_rows.at(i);
        const auto set = [this, i](Column column, const QString& text) {
            m_table->item(i, column)->setText(text);
        };
        set(kTitle, row.title);
        set(kState, stateText(row));
        if (row.installed) {
            set(kSize, megabytes(row.installed->bytes));
        } else if (row.published) {
            set(kSize, megabytes(row.published->bytes));
        }
        if (row.published) {
            const ModelEstimate estimate = estimateOf(*row.published, m_operationsPerSecond);
            set(kMemory, gigabytes(estimate.memoryBytes));
            set(kSpeed, m_operationsPerSecond > 0.0 ? speedText(estimate.imagesPerSecond)
                                                    : tr("measuring…"));
        }
    }
    showChosen();
}

void ModelsDialog::showChosen()
{
    const Row* row = chosen();
    const auto job = row != nullptr ? m_downloads.jobOf(row->name) : std::nullopt;
    const bool isThere = row != nullptr && !row->folder.isEmpty();
    m_details->setText(row != nullptr ? description(*row) : QString());
    m_use->setEnabled(isThere && !isUsed(*row) && !m_usedFolder.isEmpty());
    m_use->setToolTip(m_usedFolder.isEmpty() ? tr("Open a project first: a model belongs to it")
                                             : tr("Its pictures are encoded anew with the model"));
    m_download->setVisible(!job);
    m_download->setEnabled(row != nullptr && row->published && !isThere);
    m_download->setText(row != nullptr && row->partlyFetched > 0 && !isThere
                            ? tr("Go on with the &download")
                            : tr("&Download"));
    m_cancel->setVisible(job.has_value());
    m_remove->setEnabled(row != nullptr && !job && !isUsed(*row) &&
                         (row->installed || row->partlyFetched > 0));
    m_show->setEnabled(isThere);
    (isThere ? m_use : m_download)->setDefault(true);
    m_progress->setVisible(job.has_value());
    m_progressText->setVisible(job.has_value());
    if (job) {
        m_progress->setRange(0, job->progress.total > 0 ? 1000 : 0);
        m_progress->setValue(
            job->progress.total > 0 ? int(1000 * job->progress.done / job->progress.total) : 0);
        QStringList parts{job->progress.sentence, job->progress.count(),
                          remainingText(job->remainingMs())};
        parts.removeAll(QString());
        m_progressText->setText(job->state == JobQueue::State::Queued
                                    ? tr("waiting for another download")
                                    : parts.join(QStringLiteral(", ")));
    }
}

const ModelsDialog::Row* ModelsDialog::chosen() const
{
    const QList<QTableWidgetItem*> items = m_table->selectedItems();
    const int row = items.isEmpty() ? -1 : items.first()->row();
    return row >= 0 && row < m_rows.size() ? &m_rows.at(row) : nullptr;
}

bool ModelsDialog::isUsed(const Row& row) const
{
    return !row.folder.isEmpty() && row.folder == m_usedFolder;
}

QString ModelsDialog::stateText(const Row& row) const
{
    if (const auto job = m_downloads.jobOf(row.name)) {
        return job->state == JobQueue::State::Queued ? tr("waiting")
               : job->progress.total > 0
                   ? tr("downloading, %1 %").arg(100 * job->progress.done / job->progress.total)
                   : tr("checking");
    }
    if (isUsed(row)) {
        return tr("in use");
    }
    if (!row.folder.isEmpty()) {
        return row.name.isEmpty() ? tr("built in") : tr("installed");
    }
    return row.partlyFetched > 0 ? tr("%1 so far").arg(megabytes(row.partlyFetched))
                                 : tr("not here yet");
}

QString ModelsDialog::description(const Row& row) const
{
    QStringList lines{QStringLiteral("<b>%1</b>").arg(row.title.toHtmlEscaped())};
    const auto bundle = row.installed ? row.installed->bundle : std::nullopt;
    if (row.published) {
        const CatalogueModel& model = *row.published;
        lines.append(model.purpose.toHtmlEscaped());
        lines.append(
            joined({tr("Texts in %1").arg(model.languages), tr("licence: %1").arg(model.licence),
                    tr("%1 million parameters").arg(qRound(double(model.parameters) / 1e6)),
                    tr("pictures of %1 px in patches of %2 px")
                        .arg(model.imageSize)
                        .arg(model.patchSize)}));
        if (!bundle) {
            lines.append(joined({model.sameWeightsAs.isEmpty()
                                     ? tr("Comes from %1").arg(model.repository)
                                     : tr("Comes from %1, with the weights of %2")
                                           .arg(model.repository, model.sameWeightsAs)}));
        }
    } else if (bundle) {
        lines.append(joined({bundle->summary}));
        lines.append(joined({tr("Licence: %1").arg(bundle->licence)}));
    } else if (isStarterModel(row.folder)) {
        lines.append(tr("Small, trained on composed pictures: good for trying the program, of no "
                        "use on real photos."));
    }
    if (bundle) {
        lines.append(
            joined({tr("From %1, commit %2").arg(bundle->repository, bundle->commit.left(12)),
                    tr("fetched on %1")
                        .arg(locale().toString(bundle->fetched.toLocalTime().date(),
                                               QLocale::ShortFormat))}));
    }
    if (!row.folder.isEmpty()) {
        lines.append(joined({QDir::toNativeSeparators(row.folder)}));
    }
    return lines.join(QStringLiteral("<br>"));
}

void ModelsDialog::setUsedModel(const QString& folder)
{
    m_usedFolder = folder;
    reload();
}

void ModelsDialog::choose(const QString& path)
{
    struct Choice
    {
        QString folder;
        QString problem;
    };

    inBackground(
        this,
        [path]() -> Choice {
            try {
                if (const auto folder = checkpointAt(path)) {
                    return {*folder, {}};
                }
            } catch (const model::Error& error) {
                return {{}, QString::fromUtf8(error.what())};
            }
            return {{},
                    tr("%1: holds no checkpoint (config.json or open_clip_config.json, and "
                       "weights as .safetensors)")
                        .arg(path)};
        },
        [this](const Choice& choice) {
            if (choice.problem.isEmpty()) {
                m_problem->hide();
                Q_EMIT modelChosen(choice.folder);
            } else {
                m_problem->showText(choice.problem.toHtmlEscaped());
            }
        });
}

void ModelsDialog::removeChosen()
{
    auto* box = new QMessageBox(
        QMessageBox::Question, tr("Remove"),
        tr("Remove %1 from this machine? Other projects that use it would have to download it "
           "again.")
            .arg(chosen()->title),
        QMessageBox::Cancel, this);
    QPushButton* yes = box->addButton(tr("Remove"), QMessageBox::AcceptRole);
    box->setAttribute(Qt::WA_DeleteOnClose);
    connect(yes, &QPushButton::clicked, this, [this, name = chosen()->name] {
        inBackground(
            this,
            [name] {
                try {
                    removeModel(name);
                } catch (const model::Error& error) {
                    return QString::fromUtf8(error.what());
                }
                return QString();
            },
            [this](const QString& problem) {
                if (!problem.isEmpty()) {
                    m_problem->showText(problem.toHtmlEscaped());
                }
                reload();
            });
    });
    box->open();
}

} // namespace tagalign::app
