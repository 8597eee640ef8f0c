#pragma once

#include "app/Project.h"
#include "app/jobs/FairnessReport.h"
#include "db/Rows.h"
#include "model/pipeline/Evaluation.h"

#include <QStringList>

#include <vector>

namespace tagalign::app {

/// What an evaluation says besides its figures; "evaluation.json" in the run's folder.
struct EvaluationDetails
{
    QStringList cautions; ///< one sentence each
    std::vector<model::pipeline::ReliabilityCurve> reliability;
    FairnessReport fairness;
};

/// @throws model::Error naming the file.
void saveEvaluation(const Project& project, const db::Run& run, const EvaluationDetails& details);

/// Empty if the run was evaluated by an earlier version or not at all.
[[nodiscard]] EvaluationDetails loadEvaluation(const Project& project, const db::Run& run);

} // namespace tagalign::app
