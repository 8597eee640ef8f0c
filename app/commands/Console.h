#pragma once

#include "app/jobs/JobContext.h"

#include <QElapsedTimer>
#include <QJsonObject>

namespace tagalign::app {

/// Exit codes of the program (design, section 1).
enum ExitCode { kDone = 0, kFailed = 1, kUsage = 2, kNoGo = 3, kCancelled = 130 };

/// A job's progress in a terminal: one line that is rewritten, or a line every few seconds where
/// standard error is a file. Ctrl-C cancels.
class Console : public JobContext
{
public:
    Console();
    ~Console() override;

    void report(const JobProgress& progress) override;
    [[nodiscard]] bool isCancelled() const override;

    /// A line of its own on standard error.
    void say(const QString& line);

private:
    void endLine();

    QElapsedTimer m_sinceReport;
    QElapsedTimer m_sinceStep;
    qint64 m_stepStart = 0; ///< what was done when the step began
    QString m_step;
    bool m_isTerminal = false;
    bool m_lineOpen = false;
};

/// One line on standard output.
void print(const QString& line);
void printJson(const QJsonObject& object);

} // namespace tagalign::app
