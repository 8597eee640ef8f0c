#pragma once

#include "widgets/Theme.h"

#include <QList>
#include <QScrollArea>
#include <QString>

class QVBoxLayout;

namespace tagalign::widgets {

/// One reading of a tag in a caption.
struct TraceReading
{
    QString parser; ///< with its version; readings of one parser stand together
    QString caption;
    int start = 0; ///< of the words, UTF-16 units
    int length = 0;
    double probability = 1.0; ///< that the parser gave, (0, 1]
    QStringList notes;        ///< what else is to be known of it
    QString exchange;         ///< prompt, request and raw answer of a language model; empty: none
};

/// One verdict.
struct TraceDecision
{
    TagState state = TagState::Pending;
    QString text;        ///< who, when, how long
    bool isOver = false; ///< taken back later
};

/// Where a tag on a picture comes from.
struct Trace
{
    QString tag;
    QString kind;
    QList<TraceReading> readings;
    QStringList agreement; ///< which parsers found it and which did not, a sentence each
    QList<TraceDecision> decisions;
};

/// The trace of one tag: captions with its words marked, parsers, what they were asked and
/// answered, verdicts. Takes the focus by Tab alone; Escape gives it back.
class TracePanel : public QScrollArea
{
    Q_OBJECT

public:
    explicit TracePanel(QWidget* parent = nullptr);

    void setTrace(const Trace& trace);
    void setHint(const QString& hint); ///< in place of a trace
    [[nodiscard]] QSize sizeHint() const override;

    /// Prompts and answers are unfolded, here and of the tags to come.
    [[nodiscard]] bool isUnfolded() const { return m_isUnfolded; }

Q_SIGNALS:
    void left(); ///< by Escape

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    [[nodiscard]] QVBoxLayout* newContent();
    void addReading(QVBoxLayout* column, const TraceReading& reading);
    void addExchange(QVBoxLayout* column, const QString& exchange);
    void addDecision(QVBoxLayout* column, const TraceDecision& decision);

    bool m_isUnfolded = false;
};

} // namespace tagalign::widgets
