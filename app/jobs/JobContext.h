#pragma once

#include "model/Error.h"
#include "model/Progress.h"

#include <QString>

namespace tagalign::app {

struct JobProgress
{
    qint64 done = 0;
    qint64 total = 0; ///< 0 when unknown
    QString sentence; ///< what is being done, e.g. "Encoding kitchen_014.jpg"
    enum class Unit { Things, Bytes } unit = Unit::Things; ///< of done and total

    /// "12/600", "123 of 605 MB"; empty while the total is not known.
    [[nodiscard]] QString count() const;
};

/// A running job's way to the one who started it: a terminal or the window's job tray.
/// Used on the job's thread.
class JobContext
{
public:
    virtual ~JobContext() = default;

    virtual void report(const JobProgress& progress) = 0;
    [[nodiscard]] virtual bool isCancelled() const = 0;

    /// Blocks while the user has paused the job; returns at once when cancelled.
    virtual void waitWhilePaused() {}

    /// Reports and pauses. @throws model::Cancelled if the user asked to stop.
    void step(const JobProgress& progress)
    {
        report(progress);
        waitWhilePaused();
        if (isCancelled()) {
            throw model::Cancelled();
        }
    }

    /// The same for work done in model; `verb` starts the sentence.
    [[nodiscard]] model::OnProgress forModel(const QString& verb)
    {
        return [this, verb](const model::Progress& progress) {
            report({progress.done, progress.total,
                    progress.text.empty()
                        ? verb
                        : verb + QLatin1Char(' ') + QString::fromStdString(progress.text)});
            waitWhilePaused();
            return isCancelled() ? model::Next::Stop : model::Next::Continue;
        };
    }
};

} // namespace tagalign::app
