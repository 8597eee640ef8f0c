#pragma once

#include <QWidget>

namespace tagalign::widgets {

/// "137 of 812 verified", and how many of the machine's tags were right, with its interval drawn.
class ProgressSummary : public QWidget
{
    Q_OBJECT

public:
    explicit ProgressSummary(QWidget* parent = nullptr);

    /// @param note said behind the counts, e.g. whose verdicts they are; may be empty.
    void setNote(const QString& note);

    /// @param precision accepted / (accepted + rejected) with its 95 % interval, all in [0, 1];
    ///        negative while nothing was judged.
    void setNumbers(int done, int total, double precision, double low, double high);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QString text() const;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_note;
    int m_done = 0;
    int m_total = 0;
    double m_precision = -1.0;
    double m_low = 0.0;
    double m_high = 0.0;
};

} // namespace tagalign::widgets
