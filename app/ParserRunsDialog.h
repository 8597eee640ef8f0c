#pragma once

#include "app/jobs/ParserComparison.h"
#include "app/pages/Workspace.h"

#include <QDialog>
#include <QHash>

#include <optional>

class QLabel;
class QPushButton;
class QTableWidget;

namespace tagalign::app {

/// The runs of parsers: what each has read and how much of it is right, two of them side by side,
/// reverting and running again.
class ParserRunsDialog : public QDialog
{
    Q_OBJECT

public:
    explicit ParserRunsDialog(Workspace& workspace, QWidget* parent = nullptr);

Q_SIGNALS:
    /// A picture on which one of the compared parsers alone found the tag.
    void pictureRequested(tagalign::db::ImageId image, tagalign::db::TagId tag);

    /// To be run again where its cost is shown.
    void languageModelRequested(tagalign::db::ParserRunId run);

protected:
    void hideEvent(QHideEvent* event) override;

private:
    void makeTables();
    void makeLayout();
    void reload();
    void showRuns(const QList<db::ParserRun>& runs);
    [[nodiscard]] QList<db::ParserRun> chosen() const;
    void onSelection();
    void showButtons(const QList<db::ParserRun>& runs);
    void compare(const db::ParserRun& first, const db::ParserRun& second);
    void hideComparison();
    void showComparison(const ParserComparison& comparison);
    void showFigures(const ParserComparison& comparison);
    void showParser(int row, const db::ParserRun& run, const ParserPrecision& precision);
    void showFoundByOne(const ParserComparison& comparison);
    void showPicture(int row, int column);
    void askToRevert();
    void revert(const db::ParserRun& run);
    void runAgain(Reading reading);
    void onJobEnded(int id, JobQueue::State state, const QString& message);

    Workspace& m_workspace;
    QList<db::ParserRun> m_runs; ///< as the rows show them
    std::optional<ParserComparison> m_comparison;
    QHash<QString, int> m_pictures; ///< how many were shown, by tag and finder
    int m_asked = 0;                ///< comparisons so far: an older one is not for the selection
    std::optional<int> m_job;       ///< of this dialog
    QLabel* m_note;
    QTableWidget* m_table;
    QWidget* m_side; ///< the comparison
    QLabel* m_answer;
    QTableWidget* m_figures;
    QLabel* m_foundTitle;
    QTableWidget* m_found;
    QPushButton* m_revert;
    QPushButton* m_again;
    QPushButton* m_all;
};

} // namespace tagalign::app
