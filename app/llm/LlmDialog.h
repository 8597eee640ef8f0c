#pragma once

#include "app/jobs/JobQueue.h"
#include "app/llm/LlmEstimate.h"
#include "app/llm/LlmTagJob.h"

#include <QDialog>
#include <QTimer>

#include <optional>

class QLabel;
class QPlainTextEdit;
class QPushButton;
class QTableWidget;

namespace tagalign::widgets {
class Banner;
} // namespace tagalign::widgets

namespace tagalign::app {

class LlmSettingsForm;
class Workspace;

/// Reading tags with a language model: endpoint, prompt, what it would cost and what would leave
/// the machine, a test on one caption, and the start. Asks nothing of the network but by Test and
/// Start.
class LlmDialog : public QDialog
{
    Q_OBJECT

public:
    explicit LlmDialog(Workspace& workspace, QWidget* parent = nullptr);

    void load(); ///< fills in model and prompt as the project has them

private:
    void makePrompt();
    void makeResult();
    void makeButtons();
    void onChange();
    void estimate();
    void showEstimate(const LlmEstimate& estimate);
    void showBlocked(const QString& why);
    void showPromptVersion();
    void showButtons();
    void test();
    void showTrial(const LlmTrial& trial);
    void begin();
    void showSummary(const LlmSummary& summary);
    [[nodiscard]] LlmPrompt prompt() const; ///< @throws model::Error
    void setRows(const QString& title, const QString& column, const QList<QStringList>& rows);

    Workspace& m_workspace;
    LlmSettingsForm* m_form;
    widgets::Banner* m_problem;
    QPlainTextEdit* m_prompt;
    QLabel* m_promptVersion;
    QPushButton* m_reset;
    QLabel* m_estimate;
    QLabel* m_leaving;
    QLabel* m_resultTitle;
    QTableWidget* m_result;
    QPushButton* m_test;
    QPushButton* m_start;
    QTimer m_settle; ///< runs while something is being typed
    JobQueue m_trials;
    std::optional<int> m_trial; ///< job under way
    std::optional<int> m_run;   ///< the same, in the workspace's queue
    bool m_isReady = false;     ///< what is typed can be used, and its estimate is shown
    int m_changes = 0;          ///< so far: an older estimate is not for what is typed now
    int m_texts = 0;            ///< that a run would send
};

} // namespace tagalign::app
