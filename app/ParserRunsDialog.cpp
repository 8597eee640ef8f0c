#include "app/ParserRunsDialog.h"

#include "widgets/Theme.h"
#include "widgets/plot/IntervalDelegate.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QItemSelectionModel>
#include <QLabel>
#include <QMessageBox>
#include <QPushButton>
#include <QSettings>
#include <QTableWidget>
#include <QVBoxLayout>

namespace tagalign::app {

namespace {

enum Column { kId, kParser, kCaptions, kImages, kTags, kRight, kState, kColumns };

enum Figure { kKind, kName, kFoundTags, kAlone, kBoth, kAgreement, kPrecision, kFigures };

enum Found { kTag, kTagKind, kByFirst, kBySecond, kUse, kFoundColumns };

const QString kGeometry = QStringLiteral("parserRuns/geometry");

QString number(qint64 count)
{
    return QLocale().toString(count);
}

QTableWidgetItem* textItem(const QString& text)
{
    return new QTableWidgetItem(text);
}

QTableWidgetItem* numberItem(const QString& text)
{
    auto* item = new QTableWidgetItem(text);
    item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    return item;
}

QTableWidgetItem* precisionItem(const ParserPrecision& precision)
{
    QTableWidgetItem* item = numberItem(precisionText(precision));
    if (precision.judged > 0) {
        item->setData(
            widgets::IntervalDelegate::kRole,
            QVariant::fromValue(widgets::IntervalDelegate::Interval{.value = precision.share,
                                                                    .low = precision.interval.low,
                                                                    .high = precision.interval.high,
                                                                    .isShare = true}));
    }
    return item;
}

QString stateText(const db::ParserRun& run)
{
    return run.isReverted() ? ParserRunsDialog::tr("reverted %1").arg(localTime(run.revertedAt))
           : !run.finishedAt.isEmpty()
               ? ParserRunsDialog::tr("read %1").arg(localTime(run.finishedAt))
           : run.startedAt.isEmpty() ? ParserRunsDialog::tr("read before runs were kept")
                                     : ParserRunsDialog::tr("not read to its end");
}

void setUp(QTableWidget* table, const QString& name)
{
    table->setAccessibleName(name);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setTabKeyNavigation(false);
    table->verticalHeader()->hide();
    table->horizontalHeader()->setStretchLastSection(true);
    table->horizontalHeader()->setHighlightSections(false);
}

QLabel* wrapped(QWidget* parent)
{
    auto* label = new QLabel(parent);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

} // namespace

ParserRunsDialog::ParserRunsDialog(Workspace& workspace, QWidget* parent)
    : QDialog(parent),
      m_workspace(workspace),
      m_note(wrapped(this)),
      m_table(new QTableWidget(0, kColumns, this)),
      m_side(new QWidget(this)),
      m_answer(wrapped(this)),
      m_figures(new QTableWidget(0, kFigures, this)),
      m_foundTitle(wrapped(this)),
      m_found(new QTableWidget(0, kFoundColumns, this)),
      m_revert(new QPushButton(tr("&Revert…"), this)),
      m_again(new QPushButton(tr("Run &again"), this)),
      m_all(new QPushButton(tr("Read a&ll again"), this))
{
    setWindowTitle(tr("Parser runs"));
    makeTables();
    makeLayout();
    resize(1080, 760);
    restoreGeometry(QSettings().value(kGeometry).toByteArray());
    connect(m_table, &QTableWidget::itemSelectionChanged, this, &ParserRunsDialog::onSelection);
    connect(m_found, &QTableWidget::cellActivated, this, &ParserRunsDialog::showPicture);
    connect(m_revert, &QPushButton::clicked, this, &ParserRunsDialog::askToRevert);
    connect(m_again, &QPushButton::clicked, this, [this] { runAgain(Reading::Unread); });
    connect(m_all, &QPushButton::clicked, this, [this] { runAgain(Reading::All); });
    connect(&workspace, &Workspace::tagsChanged, this, &ParserRunsDialog::reload);
    connect(&workspace.jobs, &JobQueue::finished, this, &ParserRunsDialog::onJobEnded);
    hideComparison();
    showButtons({});
    reload();
}

void ParserRunsDialog::makeTables()
{
    setUp(m_table, tr("Runs"));
    m_table->setHorizontalHeaderLabels({tr("Run"), tr("Parser"), tr("Captions"), tr("Pictures"),
                                        tr("Tags"), tr("Right, by verdict"), tr("State")});
    m_table->horizontalHeaderItem(kTags)->setToolTip(
        tr("Pairs of a picture and a tag that this parser read out of its captions"));
    m_table->horizontalHeaderItem(kRight)->setToolTip(
        tr("Share of the judged tags that were accepted, with its 95 % interval"));
    m_table->setItemDelegateForColumn(kRight, new widgets::IntervalDelegate(this));
    setUp(m_figures, tr("Comparison"));
    m_figures->setSelectionMode(QAbstractItemView::NoSelection);
    m_figures->setHorizontalHeaderLabels({tr("Kind"), tr("Parser"), tr("Tags"), tr("It alone"),
                                          tr("Both"), tr("Agreement"), tr("Right, by verdict")});
    m_figures->horizontalHeaderItem(kAgreement)
        ->setToolTip(tr("Found by both, of what at least one found (Jaccard)"));
    m_figures->setItemDelegateForColumn(kPrecision, new widgets::IntervalDelegate(this));
    m_figures->verticalHeader()->setDefaultSectionSize(3 * widgets::kGrid);
    setUp(m_found, tr("What only one found"));
    m_found->setSelectionMode(QAbstractItemView::SingleSelection);
    m_found->setToolTip(tr("Double click or Enter shows a picture on the Verify page; once more "
                           "shows the next"));
}

void ParserRunsDialog::makeLayout()
{
    auto* side = new QVBoxLayout(m_side);
    side->setContentsMargins(0, 0, 0, 0);
    side->setSpacing(widgets::kGrid);
    side->addWidget(m_answer);
    side->addWidget(m_figures);
    side->addWidget(m_foundTitle);
    side->addWidget(m_found, 1);
    auto* close = new QPushButton(tr("Close"), this);
    connect(close, &QPushButton::clicked, this, &QDialog::close);
    m_revert->setToolTip(tr("Takes back what this run read; what somebody has judged stays"));
    auto* buttons = new QHBoxLayout;
    for (QPushButton* button : {m_revert, m_again, m_all}) {
        buttons->addWidget(button);
    }
    buttons->addStretch();
    buttons->addWidget(close);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(3 * widgets::kGrid, 3 * widgets::kGrid, 3 * widgets::kGrid,
                               3 * widgets::kGrid);
    layout->setSpacing(2 * widgets::kGrid);
    layout->addWidget(m_note);
    layout->addWidget(m_table, 1);
    layout->addLayout(buttons);
    layout->addWidget(m_side, 2);
    for (QPushButton* button : findChildren<QPushButton*>()) {
        button->setAutoDefault(false); // Enter shows a picture
    }
}

void ParserRunsDialog::hideEvent(QHideEvent* event)
{
    QSettings().setValue(kGeometry, saveGeometry());
    QDialog::hideEvent(event);
}

void ParserRunsDialog::reload()
{
    m_workspace.session.ask(
        this,
        [](db::Database& database) {
            return db::ParserRunRepository(database.connection()).runs();
        },
        [this](const QList<db::ParserRun>& runs) { showRuns(runs); });
}

void ParserRunsDialog::showRuns(const QList<db::ParserRun>& runs)
{
    QList<db::ParserRunId> selected;
    for (const db::ParserRun& run : chosen()) {
        selected.append(run.id);
    }
    {
        const QSignalBlocker blocker(m_table);
        m_runs = runs;
        m_table->clearSelection();
        m_table->setSelectionMode(QAbstractItemView::MultiSelection); // rows are added to it
        m_table->setRowCount(int(runs.size()));
        for (int row = 0; row < runs.size(); ++row) {
            const db::ParserRun& run = runs.at(row);
            m_table->setItem(row, kId, numberItem(number(qint64(run.id))));
            m_table->setItem(row, kParser, textItem(nameOf(run)));
            m_table->setItem(row, kCaptions, numberItem(number(run.captions)));
            m_table->setItem(row, kImages, numberItem(number(run.images)));
            m_table->setItem(row, kTags, numberItem(number(run.tags)));
            m_table->setItem(row, kRight, precisionItem(precisionOf(run)));
            m_table->setItem(row, kState, textItem(stateText(run)));
            if (selected.contains(run.id)) {
                m_table->selectRow(row);
            }
        }
        m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
        m_table->resizeColumnsToContents();
    }
    m_note->setText(
        runs.isEmpty()
            ? tr("No parser has read this project's captions yet. Import pictures with captions; "
                 "their tags are read at once.")
            : tr("What each parser has read. Choose one run to revert it or to run it again; "
                 "choose two (Ctrl or Shift) to see which to trust on your data."));
    onSelection();
}

QList<db::ParserRun> ParserRunsDialog::chosen() const
{
    QList<db::ParserRun> runs;
    for (int row = 0; row < m_runs.size(); ++row) {
        if (m_table->selectionModel()->isRowSelected(row, {})) {
            runs.append(m_runs.at(row));
        }
    }
    return runs;
}

void ParserRunsDialog::onSelection()
{
    const QList<db::ParserRun> runs = chosen();
    showButtons(runs);
    if (runs.size() == 2) {
        compare(runs.first(), runs.last());
    } else {
        hideComparison();
    }
}

void ParserRunsDialog::showButtons(const QList<db::ParserRun>& runs)
{
    const db::ParserRun* run = runs.size() == 1 && !m_job ? &runs.first() : nullptr;
    const bool isModel = run != nullptr && isOfLanguageModel(*run);
    const bool isReadable = run != nullptr && isBuiltIn(*run);
    m_revert->setEnabled(run != nullptr && !run->isReverted());
    m_again->setEnabled(isModel || isReadable);
    m_again->setText(isModel ? tr("Run &again…") : tr("Run &again"));
    m_again->setToolTip(
        run == nullptr || isModel || isReadable
            ? tr("Reads captions that this run has not read yet, or all that were taken back")
            : tr("This program does not read with this version of the parser any more"));
    m_all->setEnabled(isReadable);
    m_all->setToolTip(isModel ? tr("A language model's answers are kept, so that reading them "
                                   "again would give the same tags")
                              : tr("Reads every caption again, also those it has read"));
}

void ParserRunsDialog::compare(const db::ParserRun& first, const db::ParserRun& second)
{
    struct Outcome
    {
        std::optional<ParserComparison> comparison;
        QString problem;
    };

    const int asked = ++m_asked;
    m_workspace.session.ask(
        this,
        [a = first.id, b = second.id](const db::Database& database) -> Outcome {
            try {
                return {compareRuns(database, a, b), {}};
            } catch (const model::Error& error) { // it is said in the comparison's place
                return {{}, QString::fromUtf8(error.what())};
            }
        },
        [this, asked](const Outcome& outcome) {
            if (asked != m_asked) {
                return;
            }
            if (outcome.comparison) {
                showComparison(*outcome.comparison);
                return;
            }
            hideComparison();
            m_answer->setText(tr("Not compared: %1.").arg(outcome.problem));
            m_answer->show();
            m_side->show();
        });
}

void ParserRunsDialog::hideComparison()
{
    ++m_asked;
    m_comparison.reset();
    m_side->hide();
    for (QWidget* part : {static_cast<QWidget*>(m_figures), static_cast<QWidget*>(m_foundTitle),
                          static_cast<QWidget*>(m_found)}) {
        part->hide();
    }
}

void ParserRunsDialog::showComparison(const ParserComparison& comparison)
{
    m_comparison = comparison;
    m_pictures.clear();
    const QString common = tr("Captions that both have read: %1.").arg(number(comparison.captions));
    m_answer->setText((comparison.answer() + QStringList{common}).join(QLatin1Char('\n')));
    showFigures(comparison);
    showFoundByOne(comparison);
    m_side->show();
    for (QWidget* part : {static_cast<QWidget*>(m_figures), static_cast<QWidget*>(m_foundTitle)}) {
        part->show();
    }
    m_found->setVisible(!comparison.foundByOne.isEmpty());
}

/// Both parsers one below the other, so that their intervals stand on the same axis.
void ParserRunsDialog::showFigures(const ParserComparison& comparison)
{
    const QList<std::pair<QString, KindComparison>> kinds{{tr("Objects"), comparison.objects},
                                                          {tr("Attributes"), comparison.attributes},
                                                          {tr("All"), comparison.all}};
    m_figures->setRowCount(2 * int(kinds.size()));
    int row = 0;
    for (const auto& [name, kind] : kinds) {
        m_figures->setItem(row, kKind, textItem(name));
        m_figures->setItem(row, kBoth, numberItem(number(kind.both.pairs)));
        m_figures->setItem(
            row, kAgreement,
            numberItem(tr("%1 %").arg(locale().toString(kind.jaccard() * 100.0, 'f', 1))));
        showParser(row++, comparison.first, kind.first());
        showParser(row++, comparison.second, kind.second());
    }
    m_figures->resizeColumnsToContents();
    m_figures->setFixedHeight(m_figures->horizontalHeader()->sizeHint().height() +
                              m_figures->verticalHeader()->length() + 2 * m_figures->frameWidth());
}

void ParserRunsDialog::showParser(int row, const db::ParserRun& run,
                                  const ParserPrecision& precision)
{
    m_figures->setItem(row, kName, textItem(nameOf(run)));
    m_figures->setItem(row, kFoundTags, numberItem(number(precision.pairs)));
    m_figures->setItem(row, kAlone, numberItem(number(precision.alone)));
    m_figures->setItem(row, kPrecision, precisionItem(precision));
}

void ParserRunsDialog::showFoundByOne(const ParserComparison& comparison)
{
    const QList<db::TagOverlap>& tags = comparison.foundByOne;
    m_foundTitle->setText(tags.isEmpty()
                              ? tr("Both found the same tags.")
                              : tr("Tags that one alone found somewhere: %1. Double click shows a "
                                   "picture.")
                                    .arg(number(tags.size())));
    m_found->setHorizontalHeaderLabels({tr("Tag"), tr("Kind"),
                                        tr("Only %1").arg(nameOf(comparison.first)),
                                        tr("Only %1").arg(nameOf(comparison.second)), tr("Use")});
    m_found->setRowCount(int(tags.size()));
    for (int row = 0; row < tags.size(); ++row) {
        const db::TagOverlap& tag = tags.at(row);
        m_found->setItem(row, kTag, textItem(tag.display));
        m_found->setItem(
            row, kTagKind,
            textItem(tag.kind == db::TagKind::Object ? tr("object") : tr("attribute")));
        m_found->setItem(row, kByFirst, numberItem(number(tag.onlyFirst.pairs)));
        m_found->setItem(row, kBySecond, numberItem(number(tag.onlySecond.pairs)));
        m_found->setItem(row, kUse, textItem(tag.enabled ? QString() : tr("not in use")));
    }
    m_found->resizeColumnsToContents();
}

/// In a parser's column what it found, else what the first found if it found anything.
void ParserRunsDialog::showPicture(int row, int column)
{
    const db::TagOverlap& tag = m_comparison->foundByOne.at(row);
    const bool isSecond = column == kBySecond ? tag.onlySecond.pairs > 0 : tag.onlyFirst.pairs == 0;
    const db::ParserRunId finder = isSecond ? m_comparison->second.id : m_comparison->first.id;
    const db::ParserRunId other = isSecond ? m_comparison->first.id : m_comparison->second.id;
    const int shown = m_pictures[QStringLiteral("%1 %2").arg(qint64(tag.tag)).arg(isSecond)]++;
    m_workspace.session.ask(
        this,
        [finder, other, id = tag.tag](db::Database& database) {
            return db::ParserRunRepository(database.connection()).foundByOne(finder, other, id);
        },
        [this, shown, id = tag.tag](const QList<db::ImageId>& images) {
            if (!images.isEmpty()) {
                Q_EMIT pictureRequested(images.at(shown % images.size()), id);
            }
        });
}

void ParserRunsDialog::askToRevert()
{
    const db::ParserRun run = chosen().first();
    auto* box = new QMessageBox(
        QMessageBox::Question, tr("Revert"),
        tr("Revert run %1 (%2)? The tags that it alone read are taken back; tags that somebody has "
           "judged stay, and so does every verdict. \"Run again\" brings them back.")
            .arg(QString::number(qint64(run.id)), nameOf(run)),
        QMessageBox::Cancel, this);
    QPushButton* yes = box->addButton(tr("Revert"), QMessageBox::AcceptRole);
    box->setAttribute(Qt::WA_DeleteOnClose);
    connect(yes, &QPushButton::clicked, this, [this, run] { revert(run); });
    box->open();
}

void ParserRunsDialog::revert(const db::ParserRun& run)
{
    m_workspace.session.ask(
        this, [id = run.id](const db::Database& database) { return revertRun(database, id); },
        [this](const QString& done) {
            Q_EMIT m_workspace.tagsChanged();
            m_workspace.session.ask( // after the rows were read anew
                this, [](db::Database&) {}, [this, done] { m_note->setText(done); });
        });
}

void ParserRunsDialog::runAgain(Reading reading)
{
    const db::ParserRun run = chosen().first();
    if (isOfLanguageModel(run)) {
        Q_EMIT languageModelRequested(run.id);
        return;
    }
    m_job = m_workspace.queueRunAgain(run.id, reading);
    m_note->setText(tr("Run %1 (%2) reads; its progress stands at the bottom of the main window.")
                        .arg(QString::number(qint64(run.id)), nameOf(run)));
    showButtons({});
}

void ParserRunsDialog::onJobEnded(int id, JobQueue::State state, const QString& message)
{
    if (id != m_job) {
        return;
    }
    m_job.reset();
    QString done = state == JobQueue::State::Cancelled
                       ? tr("The reading was stopped; running it again goes on with it.")
                       : message;
    for (const JobQueue::Job& job : m_workspace.jobs.jobs()) {
        if (job.id == id && state == JobQueue::State::Succeeded) {
            done = job.progress.sentence;
        }
    }
    reload();
    m_workspace.session.ask( // after the rows were read anew
        this, [](db::Database&) {}, [this, done] { m_note->setText(done); });
}

} // namespace tagalign::app
