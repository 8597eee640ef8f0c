#include "app/vocabulary/VocabularyDialog.h"

#include "app/jobs/VocabularyCsv.h"
#include "app/jobs/VocabularySettings.h"
#include "app/pages/Workspace.h"
#include "app/vocabulary/TemplateEditor.h"
#include "app/vocabulary/VocabularyActions.h"
#include "app/vocabulary/VocabularyModel.h"
#include "widgets/Banner.h"
#include "widgets/Theme.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QItemSelectionModel>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSettings>
#include <QSortFilterProxyModel>
#include <QSplitter>
#include <QTabWidget>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>
#include <memory>

namespace tagalign::app {

namespace {

constexpr int kSettleMs = 150; ///< after the last key before the project is asked
const QString kGeometry = QStringLiteral("vocabulary/geometry");
const QString kColumnsState = QStringLiteral("vocabulary/columns");

/// What came of a change: a sentence about what was done, or why not.
struct Outcome
{
    QString sentence;
    bool isDone = false;
};

Outcome outcomeOf(const db::Database& database,
                  const std::function<QString(const db::Database&)>& work)
{
    try {
        return {work(database), true};
    } catch (const std::exception& error) {
        return {QString::fromUtf8(error.what()), false};
    }
}

} // namespace

struct VocabularyDialog::Content
{
    QList<db::VocabularyTag> tags;
    int minimum = 1;
    QString lastStep; ///< empty: nothing to take back
    model::tags::PromptTemplates templates;
};

VocabularyDialog::VocabularyDialog(Workspace& workspace, QWidget* parent)
    : QDialog(parent),
      m_workspace(workspace),
      m_model(new VocabularyModel(this)),
      m_sorted(new QSortFilterProxyModel(this)),
      m_filter(new QLineEdit(this)),
      m_counts(new QLabel(this)),
      m_table(new QTableView(this)),
      m_empty(new QLabel(tr("No tags yet: they come when captions are imported and read."), this)),
      m_actions(new VocabularyActions(this)),
      m_suggestions(new QListWidget(this)),
      m_templates(new TemplateEditor(this)),
      m_problem(new widgets::Banner(widgets::Banner::Kind::Problem, this)),
      m_done(new QLabel(this)),
      m_undo(new QPushButton(tr("&Undo"), this))
{
    setWindowTitle(tr("Vocabulary"));
    auto* layout = new QVBoxLayout(this);
    const int margin = 2 * widgets::kGrid;
    layout->setContentsMargins(margin, margin, margin, margin);
    layout->setSpacing(widgets::kGrid);
    layout->addWidget(m_problem);
    makeTable();
    makeSide();
    makeButtons();
    connectParts();
    resize(1180, 720);
    restoreGeometry(QSettings().value(kGeometry).toByteArray());
    m_table->horizontalHeader()->restoreState(QSettings().value(kColumnsState).toByteArray());
    m_filter->setFocus();
    reload();
}

void VocabularyDialog::makeTable()
{
    m_sorted->setSourceModel(m_model);
    m_sorted->setSortRole(VocabularyModel::kSortRole);
    m_sorted->setFilterKeyColumn(-1);
    m_sorted->setFilterCaseSensitivity(Qt::CaseInsensitive);
    m_sorted->setSortCaseSensitivity(Qt::CaseInsensitive);
    m_filter->setPlaceholderText(tr("Filter: cat, attribute, colour, …"));
    m_filter->setClearButtonEnabled(true);
    m_filter->setAccessibleName(tr("Filter"));
    m_table->setModel(m_sorted);
    m_table->setItemDelegate(new ChoiceDelegate(m_table));
    m_table->setSortingEnabled(true);
    m_table->sortByColumn(VocabularyModel::kImages, Qt::DescendingOrder);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_table->setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed);
    m_table->setTabKeyNavigation(false);
    m_table->setAlternatingRowColors(true);
    m_table->verticalHeader()->hide();
    m_table->horizontalHeader()->setStretchLastSection(true);
    m_table->setColumnWidth(VocabularyModel::kTag, 18 * widgets::kGrid);
    for (const int column : {VocabularyModel::kImages, VocabularyModel::kAccepted,
                             VocabularyModel::kRejected, VocabularyModel::kPriority}) {
        m_table->setColumnWidth(column, 9 * widgets::kGrid);
    }
    m_table->setAccessibleName(tr("Tags"));
    m_table->setToolTip(tr("F2 or a double click edits tag, class, priority, use and English"));
    m_empty->setAlignment(Qt::AlignCenter);
}

void VocabularyDialog::makeSide()
{
    auto* left = new QWidget(this);
    auto* column = new QVBoxLayout(left);
    column->setContentsMargins(0, 0, 0, 0);
    auto* head = new QHBoxLayout;
    head->addWidget(m_filter, 1);
    head->addWidget(m_counts);
    column->addLayout(head);
    column->addWidget(m_table, 1);
    column->addWidget(m_empty, 1);
    m_suggestions->setWordWrap(true);
    m_suggestions->setAccessibleName(tr("What could be merged or rolled up"));
    m_suggestions->setToolTip(
        tr("Enter or a click chooses its tags; nothing changes before Apply"));
    auto* tabs = new QTabWidget(this);
    tabs->addTab(m_suggestions, tr("Su&ggestions"));
    tabs->addTab(m_templates, tr("&Prompts"));
    auto* both = new QSplitter(this);
    both->addWidget(left);
    both->addWidget(tabs);
    both->setStretchFactor(0, 3);
    both->setStretchFactor(1, 1);
    both->setChildrenCollapsible(false);
    static_cast<QVBoxLayout*>(layout())->addWidget(both, 1);
    layout()->addWidget(m_actions);
}

void VocabularyDialog::makeButtons()
{
    auto* load = new QPushButton(tr("Import…"), this);
    auto* save = new QPushButton(tr("Export…"), this);
    auto* close = new QPushButton(tr("Close"), this);
    m_undo->setShortcut(QKeySequence::Undo);
    m_done->setTextFormat(Qt::PlainText);
    m_done->setWordWrap(true);
    auto* row = new QHBoxLayout;
    row->setSpacing(widgets::kGrid);
    row->addWidget(m_done, 1);
    for (QPushButton* button : {m_undo, load, save, close}) {
        button->setAutoDefault(false);
        row->addWidget(button);
    }
    static_cast<QVBoxLayout*>(layout())->addLayout(row);
    const auto ask = [this](QFileDialog::AcceptMode mode,
                            void (VocabularyDialog::*then)(const QString&)) {
        auto* dialog = new QFileDialog(this, tr("Vocabulary"), {}, tr("Tables (*.csv)"));
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->setAcceptMode(mode);
        dialog->setDefaultSuffix(QStringLiteral("csv"));
        connect(dialog, &QFileDialog::fileSelected, this, then);
        dialog->open();
    };
    connect(load, &QPushButton::clicked, this,
            [ask] { ask(QFileDialog::AcceptOpen, &VocabularyDialog::importFrom); });
    connect(save, &QPushButton::clicked, this,
            [ask] { ask(QFileDialog::AcceptSave, &VocabularyDialog::exportTo); });
    connect(close, &QPushButton::clicked, this, &QDialog::close);
    connect(m_undo, &QPushButton::clicked, this, [this] { apply(undoVocabulary); });
}

void VocabularyDialog::connectParts()
{
    m_settle.setSingleShot(true);
    m_settle.setInterval(kSettleMs);
    m_stale.setSingleShot(true);
    m_stale.setInterval(kSettleMs);
    connect(&m_settle, &QTimer::timeout, this, &VocabularyDialog::preview);
    connect(&m_stale, &QTimer::timeout, this, &VocabularyDialog::reload);
    connect(&m_workspace, &Workspace::tagsChanged, &m_stale, qOverload<>(&QTimer::start));
    connect(m_filter, &QLineEdit::textChanged, m_sorted,
            &QSortFilterProxyModel::setFilterFixedString);
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &VocabularyDialog::onSelection);
    connect(m_actions, &VocabularyActions::changed, this, [this] {
        ++m_changes;
        m_actions->setPreview(m_actions->missing(), false);
        m_settle.start();
    });
    connect(m_actions, &VocabularyActions::actionChosen, this, &VocabularyDialog::offer);
    connect(m_actions, &VocabularyActions::applied, this, [this] {
        if (const auto work = m_actions->work()) {
            apply(*work);
        }
    });
    connect(m_model, &VocabularyModel::edited, this, [this](const db::TagEdit& edit) {
        apply([edit](const db::Database& database) { return editTags(database, {edit}); });
    });
    connect(m_templates, &TemplateEditor::saved, this,
            [this](const model::tags::PromptTemplates& templates) {
                apply([templates](const db::Database& database) {
                    return changeTemplates(database, templates);
                });
            });
    connect(m_suggestions, &QListWidget::itemActivated, this,
            [this](QListWidgetItem* item) { takeSuggestion(m_suggestions->row(item)); });
    connect(m_suggestions, &QListWidget::itemClicked, this,
            [this](QListWidgetItem* item) { takeSuggestion(m_suggestions->row(item)); });
}

void VocabularyDialog::done(int result)
{
    QSettings().setValue(kGeometry, saveGeometry());
    QSettings().setValue(kColumnsState, m_table->horizontalHeader()->saveState());
    QDialog::done(result);
}

void VocabularyDialog::reload()
{
    m_workspace.session.ask(
        this,
        [](const db::Database& database) {
            const db::VocabularyRepository vocabulary(database.connection());
            const auto steps = vocabulary.steps();
            const auto last = std::find_if(steps.begin(), steps.end(),
                                           [](const auto& step) { return !step.isUndone; });
            return Content{vocabulary.tags(), minimumImages(database),
                           last == steps.end() ? QString() : last->sentence,
                           promptTemplatesOf(database)};
        },
        [this](const Content& content) { showContent(content); });
    suggest();
}

void VocabularyDialog::showContent(const Content& content)
{
    const QWidget* focus = focusWidget();
    if (focus != nullptr && m_table->viewport()->isAncestorOf(focus)) {
        m_stale.start(); // a cell is being edited, and would be lost
        return;
    }
    QList<db::TagId> before;
    for (const db::Tag& tag : chosen()) {
        before.append(tag.id);
    }
    {
        const QSignalBlocker quiet(m_table->selectionModel()); // it is emptied in between
        m_model->setTags(content.tags);
        select(before);
    }
    m_table->viewport()->update();
    onSelection();
    m_table->setVisible(!content.tags.isEmpty());
    m_empty->setVisible(content.tags.isEmpty());
    const auto inUse = std::count_if(content.tags.begin(), content.tags.end(),
                                     [](const auto& each) { return each.tag.enabled; });
    m_counts->setText(tr("%1 tags, %2 in use").arg(content.tags.size()).arg(inUse));
    m_actions->setMinimum(content.minimum);
    m_templates->setTemplates(content.templates);
    m_undo->setEnabled(!content.lastStep.isEmpty());
    m_undo->setToolTip(content.lastStep.isEmpty() ? tr("Nothing to take back")
                                                  : tr("Takes back: %1").arg(content.lastStep));
}

/// One at a time; what changed meanwhile is asked for after it.
void VocabularyDialog::suggest()
{
    if (m_isSuggesting) {
        return;
    }
    m_isSuggesting = true;
    auto found = std::make_shared<QList<VocabularySuggestion>>();
    auto problem = std::make_shared<QString>();
    m_jobs.add(
        tr("Suggestions"),
        [found, problem, project = m_workspace.project()](JobContext&) {
            try {
                *found = vocabularySuggestions(db::Database(project.databaseFile()));
            } catch (const std::exception& error) {
                *problem = QString::fromUtf8(error.what());
            }
        },
        [this, found, problem] {
            m_isSuggesting = false;
            showSuggestions(*found);
            if (!problem->isEmpty()) {
                m_suggestions->addItem(tr("No suggestions: %1.").arg(*problem));
            }
        });
}

void VocabularyDialog::showSuggestions(const QList<VocabularySuggestion>& suggestions)
{
    const int row = m_suggestions->currentRow();
    m_offered = suggestions;
    m_suggestions->clear();
    for (const VocabularySuggestion& each : suggestions) {
        auto* item = new QListWidgetItem(each.sentence, m_suggestions);
        item->setToolTip(each.meaning);
    }
    if (suggestions.isEmpty()) {
        m_suggestions->addItem(tr("WordNet finds nothing to merge or roll up."));
    }
    m_suggestions->setCurrentRow(std::min(row, m_suggestions->count() - 1));
}

void VocabularyDialog::takeSuggestion(int row)
{
    if (row < 0 || row >= m_offered.size()) {
        return;
    }
    const VocabularySuggestion& taken = m_offered.at(row);
    const bool isMerge = taken.kind == VocabularySuggestion::Kind::Merge;
    m_filter->clear();
    m_actions->choose(isMerge ? VocabularyActions::kMerge : VocabularyActions::kRollUp);
    select(taken.tags);
    if (!isMerge) {
        m_actions->setName(taken.parent);
    }
}

void VocabularyDialog::select(const QList<db::TagId>& tags)
{
    QItemSelection rows;
    for (int row = 0; row < m_sorted->rowCount(); ++row) {
        const QModelIndex index = m_sorted->index(row, 0);
        if (tags.contains(m_model->tags().at(m_sorted->mapToSource(index).row()).tag.id)) {
            rows.select(index, m_sorted->index(row, VocabularyModel::kColumns - 1));
        }
    }
    m_table->selectionModel()->select(rows, QItemSelectionModel::ClearAndSelect);
    if (!rows.isEmpty()) {
        m_table->scrollTo(rows.indexes().first());
    }
}

QList<db::Tag> VocabularyDialog::chosen() const
{
    QList<db::Tag> tags;
    for (const QModelIndex& index : m_table->selectionModel()->selectedRows()) {
        tags.append(m_model->tags().at(m_sorted->mapToSource(index).row()).tag);
    }
    std::stable_sort(tags.begin(), tags.end(),
                     [](const db::Tag& a, const db::Tag& b) { return a.images > b.images; });
    return tags;
}

void VocabularyDialog::onSelection()
{
    m_actions->setTags(chosen());
    offer();
}

/// What there is to choose from for one tag.
void VocabularyDialog::offer()
{
    const QList<db::Tag> tags = chosen();
    if (tags.isEmpty()) {
        return;
    }
    const db::Tag& first = tags.first();
    m_workspace.session.ask(
        this,
        [first](const db::Database& database) {
            QStringList words;
            for (const auto& each :
                 db::VocabularyRepository(database.connection()).wordsOf(first.id)) {
                words.append(each.first);
            }
            QStringList parents;
            try {
                parents = hypernymsOf(first);
            } catch (const model::Error&) { // without WordNet one types it
            }
            return std::pair(words, parents);
        },
        [this, first](const std::pair<QStringList, QStringList>& offered) {
            const QList<db::Tag> now = chosen();
            if (now.isEmpty() || now.first().id != first.id) {
                return;
            }
            m_actions->offerWords(offered.first);
            if (m_actions->action() == VocabularyActions::kRollUp) {
                m_actions->offerNames(offered.second);
            }
            Q_EMIT m_actions->changed();
        });
}

void VocabularyDialog::preview()
{
    const auto work = m_actions->preview();
    if (!work || m_isBusy) {
        return;
    }
    m_workspace.session.ask(
        this, [work = *work](const db::Database& database) { return outcomeOf(database, work); },
        [this, changes = m_changes](const Outcome& outcome) {
            if (changes == m_changes) {
                m_actions->setPreview(outcome.sentence, outcome.isDone);
            }
        });
}

void VocabularyDialog::apply(const Work& work)
{
    m_isBusy = true;
    ++m_changes;
    m_actions->setPreview(tr("Changing…"), false);
    m_workspace.session.ask(
        this, [work](const db::Database& database) { return outcomeOf(database, work); },
        [this](const Outcome& outcome) {
            m_isBusy = false;
            m_problem->setVisible(!outcome.isDone);
            if (outcome.isDone) {
                m_done->setText(outcome.sentence);
                m_actions->startAnew();
                Q_EMIT m_workspace.tagsChanged();
                m_workspace.queueQuality(); // of tags that are new on a picture
            } else {
                m_problem->showText(outcome.sentence.toHtmlEscaped());
            }
            Q_EMIT m_actions->changed();
        });
}

void VocabularyDialog::importFrom(const QString& file)
{
    apply([file](const db::Database& database) {
        const VocabularyImport result = importVocabulary(database, file);
        QStringList lines{result.sentence()};
        for (const CsvProblem& problem : result.problems.mid(0, 3)) {
            lines.append(tr("Line %1: %2.").arg(problem.line).arg(problem.reason));
        }
        return lines.join(QLatin1Char(' '));
    });
}

void VocabularyDialog::exportTo(const QString& file)
{
    apply([file](const db::Database& database) {
        exportVocabulary(database, file);
        return tr("Written: %1").arg(file);
    });
}

} // namespace tagalign::app
