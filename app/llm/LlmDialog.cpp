#include "app/llm/LlmDialog.h"

#include "app/llm/LlmSettingsForm.h"
#include "app/pages/Workspace.h"
#include "model/Error.h"
#include "widgets/Banner.h"
#include "widgets/Theme.h"

#include <QFontDatabase>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include <memory>

namespace tagalign::app {

namespace {

constexpr int kSettleMs = 300; ///< after the last key before the project is asked

QLabel* wrapped(QWidget* parent)
{
    auto* label = new QLabel(parent);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

QString nameOf(const model::tags::ParsedTag& tag)
{
    const QString name = QString::fromStdString(tag.display);
    return tag.inferred ? LlmDialog::tr("%1 (inferred)").arg(name) : name;
}

/// "cat: black, sleeping (inferred)", one for each object.
QStringList readable(const model::tags::ParsedCaption& parsed)
{
    QStringList objects;
    for (std::size_t i = 0; i < parsed.tags.size(); ++i) {
        if (parsed.tags[i].kind != model::tags::TagKind::Object) {
            continue;
        }
        QStringList attributes;
        for (const auto& tag : parsed.tags) {
            if (tag.owner == i) {
                attributes.append(nameOf(tag));
            }
        }
        objects.append(attributes.isEmpty() ? nameOf(parsed.tags[i])
                                            : nameOf(parsed.tags[i]) + QStringLiteral(": ") +
                                                  attributes.join(QStringLiteral(", ")));
    }
    return objects;
}

} // namespace

LlmDialog::LlmDialog(Workspace& workspace, QWidget* parent)
    : QDialog(parent),
      m_workspace(workspace),
      m_form(new LlmSettingsForm(this)),
      m_problem(new widgets::Banner(widgets::Banner::Kind::Problem, this)),
      m_prompt(new QPlainTextEdit(this)),
      m_promptVersion(new QLabel(this)),
      m_reset(new QPushButton(tr("Reset to &default"), this)),
      m_estimate(wrapped(this)),
      m_leaving(wrapped(this)),
      m_resultTitle(wrapped(this)),
      m_result(new QTableWidget(0, 2, this)),
      m_test(new QPushButton(this)),
      m_start(new QPushButton(tr("&Start"), this))
{
    setWindowTitle(tr("Read tags with a language model"));
    auto* note = wrapped(this);
    note->setText(tr("A language model reads the captions beside the built-in parser: one that "
                     "runs on this machine (llama.cpp, Ollama, vLLM) or a provider's. Nothing is "
                     "sent before you press Test or Start."));
    auto* columns = new QHBoxLayout;
    columns->setSpacing(3 * widgets::kGrid);
    columns->addWidget(m_form, 2);
    auto* right = new QVBoxLayout;
    right->setSpacing(widgets::kGrid);
    columns->addLayout(right, 3);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(3 * widgets::kGrid, 3 * widgets::kGrid, 3 * widgets::kGrid,
                               3 * widgets::kGrid);
    layout->setSpacing(2 * widgets::kGrid);
    layout->addWidget(note);
    layout->addWidget(m_problem);
    layout->addLayout(columns, 3);
    makePrompt();
    auto* head = new QHBoxLayout;
    head->addWidget(m_promptVersion, 1);
    head->addWidget(m_reset);
    right->addLayout(head);
    right->addWidget(m_prompt, 1);
    layout->addWidget(m_estimate);
    layout->addWidget(m_leaving);
    makeResult();
    layout->addWidget(m_resultTitle);
    layout->addWidget(m_result, 1);
    makeButtons();
    resize(1000, 760);
    m_settle.setSingleShot(true);
    m_settle.setInterval(kSettleMs);
    connect(&m_settle, &QTimer::timeout, this, &LlmDialog::estimate);
    connect(m_form, &LlmSettingsForm::changed, this, &LlmDialog::onChange);
    connect(m_form, &LlmSettingsForm::problem, m_problem,
            [this](const QString& sentence) { m_problem->showText(sentence.toHtmlEscaped()); });
    connect(&workspace, &Workspace::imagesChanged, this, &LlmDialog::onChange);
    connect(&workspace, &Workspace::tagsChanged, this, &LlmDialog::onChange);
    connect(&workspace, &Workspace::captionsRead, this, &LlmDialog::showSummary);
    connect(&workspace.jobs, &JobQueue::finished, this, [this](int id) {
        if (id == m_run) {
            m_run.reset();
            onChange();
        }
    });
    connect(&m_trials, &JobQueue::finished, this,
            [this](int, JobQueue::State state, const QString& message) {
                m_trial.reset();
                if (state == JobQueue::State::Failed) {
                    m_problem->showText(message.toHtmlEscaped());
                }
                onChange();
            });
    showButtons();
    load();
}

void LlmDialog::makePrompt()
{
    m_prompt->setAccessibleName(tr("Prompt"));
    m_prompt->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_prompt->setTabChangesFocus(true);
    connect(m_prompt, &QPlainTextEdit::textChanged, this, [this] {
        showPromptVersion();
        onChange();
    });
    connect(m_reset, &QPushButton::clicked, this,
            [this] { m_prompt->setPlainText(LlmPrompt::standard().text); });
}

void LlmDialog::makeResult()
{
    m_result->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    m_result->verticalHeader()->hide();
    m_result->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_result->setTabKeyNavigation(false);
    m_result->setWordWrap(true);
    m_result->setAccessibleName(tr("What was read"));
    m_resultTitle->hide();
    m_result->hide();
}

void LlmDialog::makeButtons()
{
    auto* close = new QPushButton(tr("Close"), this);
    auto* row = new QHBoxLayout;
    row->setSpacing(widgets::kGrid);
    row->addStretch();
    row->addWidget(m_test);
    row->addWidget(m_start);
    row->addWidget(close);
    static_cast<QVBoxLayout*>(layout())->addLayout(row);
    m_test->setToolTip(tr("Asks about one caption; its answer is kept, so that it is not paid for "
                          "again"));
    for (QPushButton* button : findChildren<QPushButton*>()) {
        button->setAutoDefault(false); // Enter in a field sends nothing
    }
    connect(m_test, &QPushButton::clicked, this, &LlmDialog::test);
    connect(m_start, &QPushButton::clicked, this, &LlmDialog::begin);
    connect(close, &QPushButton::clicked, this, &QDialog::close);
}

void LlmDialog::load()
{
    m_workspace.session.ask(
        this,
        [](db::Database& database) {
            return std::pair(LlmSettings::load(database), LlmPrompt::load(database));
        },
        [this](const std::pair<LlmSettings, LlmPrompt>& stored) {
            m_prompt->setPlainText(stored.second.text);
            m_form->setSettings(stored.first);
        });
}

LlmPrompt LlmDialog::prompt() const
{
    return LlmPrompt::of(m_prompt->toPlainText());
}

/// Nothing may be started before what it would send is shown.
void LlmDialog::onChange()
{
    ++m_changes;
    m_isReady = false;
    showButtons();
    m_settle.start();
}

void LlmDialog::estimate()
{
    try {
        const LlmSettings settings = m_form->settings();
        settings.check();
        m_workspace.session.ask(
            this,
            [settings, used = prompt()](db::Database& database) {
                return estimateLlm(database, settings, used);
            },
            [this, changes = m_changes](const LlmEstimate& estimate) {
                if (changes == m_changes) {
                    showEstimate(estimate);
                }
            });
    } catch (const model::Error& error) {
        showBlocked(QString::fromUtf8(error.what()));
    }
}

void LlmDialog::showEstimate(const LlmEstimate& estimate)
{
    const LlmSettings settings = m_form->settings();
    m_estimate->setText(estimate.sentence(settings));
    m_leaving->setText(estimate.leaving(settings, !m_form->key().isEmpty()));
    m_isReady = estimate.captions > 0;
    m_texts = estimate.texts;
    showButtons();
}

void LlmDialog::showBlocked(const QString& why)
{
    m_estimate->setText(tr("Not ready: %1.").arg(why));
    m_leaving->clear();
    m_isReady = false;
    showButtons();
}

void LlmDialog::showPromptVersion()
{
    try {
        const LlmPrompt typed = prompt();
        m_promptVersion->setText(typed.isDefault()
                                     ? tr("&Prompt, version %1 (default)").arg(typed.version)
                                     : tr("&Prompt, version %1 (edited)").arg(typed.version));
        m_reset->setEnabled(!typed.isDefault());
    } catch (const model::Error&) {
        m_promptVersion->setText(tr("&Prompt, empty or too long"));
        m_reset->setEnabled(true);
    }
    m_promptVersion->setBuddy(m_prompt);
}

void LlmDialog::showButtons()
{
    m_test->setText(m_trial ? tr("Cancel the &test") : tr("&Test on one caption"));
    m_test->setEnabled(m_trial || m_isReady);
    m_start->setEnabled(m_isReady && !m_run);
    m_start->setText(m_run          ? tr("Reading…")
                     : m_texts == 0 ? tr("&Start, nothing is sent")
                                    : tr("&Start"));
}

void LlmDialog::test()
{
    if (m_trial) {
        m_trials.cancel(*m_trial);
        return;
    }
    m_problem->hide();
    auto trial = std::make_shared<LlmTrial>();
    m_trial = m_trials.add(
        tr("Test"),
        [trial, project = m_workspace.project(), settings = m_form->settings(), used = prompt(),
         key = m_form->key()](JobContext& context) {
            *trial = tryLlm(project, settings, used, key, context);
        },
        [this, trial] { showTrial(*trial); });
    showButtons();
}

void LlmDialog::showTrial(const LlmTrial& trial)
{
    const QString seconds = locale().toString(trial.milliseconds / 1000.0, 'f', 1);
    if (!trial.problem.isEmpty()) {
        setRows(tr("The answer could not be read: %1.").arg(trial.problem), tr("The answer"),
                {{trial.caption, trial.answer}});
        return;
    }
    setRows(trial.isKept ? tr("Test, by an answer that was kept: nothing was sent")
                         : tr("Test, answered in %1 s").arg(seconds),
            tr("What was read"), {{trial.caption, readable(trial.parsed).join(QLatin1Char('\n'))}});
}

void LlmDialog::begin()
{
    m_problem->hide();
    const LlmSettings settings = m_form->settings();
    const LlmPrompt used = prompt();
    m_workspace.session.ask(
        this,
        [settings, used](db::Database& database) {
            settings.save(database);
            used.save(database);
        },
        [] {});
    m_run = m_workspace.queueLlm(settings, used, m_form->key());
    setRows(tr("It runs: its progress stands at the bottom of the main window, which may be used "
               "meanwhile. This window may be closed."),
            {}, {});
    showButtons();
}

void LlmDialog::showSummary(const LlmSummary& summary)
{
    QStringList title{summary.sentence()};
    title += summary.notes;
    QList<QStringList> rows;
    for (const LlmFailure& failure : summary.failures) {
        rows.append({failure.caption, failure.reason});
    }
    setRows(title.join(QLatin1Char('\n')), tr("Why it was skipped"), rows);
}

void LlmDialog::setRows(const QString& title, const QString& column, const QList<QStringList>& rows)
{
    m_resultTitle->setText(title);
    m_resultTitle->show();
    m_result->setHorizontalHeaderLabels({tr("Caption"), column});
    m_result->setRowCount(int(rows.size()));
    for (int row = 0; row < rows.size(); ++row) {
        for (int place = 0; place < 2; ++place) {
            m_result->setItem(row, place, new QTableWidgetItem(rows.at(row).at(place)));
        }
    }
    m_result->setVisible(!rows.isEmpty());
    layout()->activate(); // rows are as high as the columns' width asks for
    m_result->resizeRowsToContents();
}

} // namespace tagalign::app
