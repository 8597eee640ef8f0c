#pragma once

#include "app/Project.h"
#include "app/demo/DemoPairs.h"
#include "app/demo/DemoPilots.h"
#include "app/demo/SceneTruth.h"
#include "app/jobs/DemoJob.h"
#include "app/jobs/SimulatedReview.h"
#include "app/jobs/TagJob.h"
#include "tests/app/support/TestContext.h"

namespace tagalign::tests {

/// Makes a demo project of so many pictures: tagged, encoded, half of them judged by the simulated
/// reviewer, who slips in one case of ten. Its tags are not compared with their pictures yet.
/// @throws std::exception, e.g. where the composer's fonts are missing.
inline app::Project reviewedPilot(const QString& folder, int pictures)
{
    const app::Project project = app::Project::openOrCreate(folder);
    const QString pairs = app::demoPairsFolder(project);
    app::writeDemoPairs(pairs, app::pilotPairs(app::demoPilots().first(), pictures),
                        [](int) { return true; });
    TestContext context;
    (void)app::importPairs(project, pairs, context);
    // By the rules, whose mistakes are many enough to be found.
    (void)app::readTags(project, app::parsersWithEnglish(QStringLiteral("rules")), context);
    (void)app::encodeProject(project, context);
    app::reviewSimulated(project, app::SceneTruth(pairs), {.images = pictures / 2, .slipRate = 0.1},
                         context);
    return project;
}

} // namespace tagalign::tests
