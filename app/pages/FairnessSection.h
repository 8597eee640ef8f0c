#pragma once

#include "app/jobs/FairnessFindings.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QTableWidget;

namespace tagalign::app {

/// Is it equally good for all? A run's fairness figures: what is sure, a sentence and its intervals
/// each; the rest on demand.
class FairnessSection : public QWidget
{
    Q_OBJECT

public:
    explicit FairnessSection(QWidget* parent = nullptr);

    void setReport(const FairnessReport& report);

    /// With the number of sure findings.
    [[nodiscard]] QString title() const;

private:
    void fill();
    void addFinding(const FairnessFinding& finding);

    QList<FairnessFinding> m_findings;
    QLabel* m_remarks;
    QTableWidget* m_table;
    QPushButton* m_all; ///< checked: those that are not sure, too
};

} // namespace tagalign::app
