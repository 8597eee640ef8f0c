#pragma once

#include "app/Project.h"
#include "app/jobs/Decision.h"
#include "app/jobs/JobContext.h"
#include "db/Rows.h"

#include <QList>
#include <QStringList>

namespace tagalign::app {

struct Report
{
    QString file;     ///< HTML, self-contained
    QString table;    ///< the figures as text for a terminal
    QString decision; ///< one sentence: go, no-go or not decided yet, and why
    bool isNoGo = false;
};

/// Writes the one-page report of an evaluated run: decision, figures with intervals, tags that
/// gained and lost, before/after heatmaps.
/// @param cautions of the evaluation; empty = those stored with it.
/// @throws std::exception
Report writeReport(const Project& project, const db::Run& run, const QStringList& cautions,
                   JobContext& context);

/// Figures as a text table, a row each.
[[nodiscard]] QString metricTable(const QList<db::Metric>& metrics);

} // namespace tagalign::app
