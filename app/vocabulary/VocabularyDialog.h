#pragma once

#include "app/jobs/JobQueue.h"
#include "app/jobs/VocabularyJob.h"

#include <QDialog>
#include <QTimer>

class QLabel;
class QLineEdit;
class QListWidget;
class QPushButton;
class QSortFilterProxyModel;
class QTableView;

namespace tagalign::widgets {
class Banner;
} // namespace tagalign::widgets

namespace tagalign::app {

class TemplateEditor;
class VocabularyActions;
class VocabularyModel;
class Workspace;

/// The project's tags: a table to sort, filter and edit in place, what can be done with the chosen
/// ones with a preview in numbers, what WordNet offers, prompt templates, undo, CSV.
class VocabularyDialog : public QDialog
{
    Q_OBJECT

public:
    explicit VocabularyDialog(Workspace& workspace, QWidget* parent = nullptr);

    void importFrom(const QString& file);
    void exportTo(const QString& file);

protected:
    void done(int result) override;

private:
    struct Content;
    using Work = std::function<QString(const db::Database&)>;

    void makeTable();
    void makeSide();
    void makeButtons();
    void connectParts();
    void reload();
    void showContent(const Content& content);
    void suggest();
    void showSuggestions(const QList<VocabularySuggestion>& suggestions);
    void takeSuggestion(int row);
    void select(const QList<db::TagId>& tags);
    void onSelection();
    void preview();
    void offer();
    void apply(const Work& work);
    [[nodiscard]] QList<db::Tag> chosen() const;

    Workspace& m_workspace;
    VocabularyModel* m_model;
    QSortFilterProxyModel* m_sorted;
    QLineEdit* m_filter;
    QLabel* m_counts;
    QTableView* m_table;
    QLabel* m_empty;
    VocabularyActions* m_actions;
    QListWidget* m_suggestions;
    TemplateEditor* m_templates;
    widgets::Banner* m_problem;
    QLabel* m_done;
    QPushButton* m_undo;
    QTimer m_settle; ///< while something is being typed or chosen
    QTimer m_stale;  ///< while the project changes
    QList<VocabularySuggestion> m_offered;
    bool m_isSuggesting = false;
    bool m_isBusy = false; ///< a change is being made
    int m_changes = 0;     ///< so far: an older preview is not for what is chosen now
    JobQueue m_jobs;       ///< last: its work ends first
};

} // namespace tagalign::app
