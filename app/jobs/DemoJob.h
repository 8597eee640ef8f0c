#pragma once

#include "app/Project.h"
#include "app/demo/DemoPilots.h"
#include "app/jobs/JobContext.h"
#include "app/jobs/PilotJob.h"

#include <QString>

namespace tagalign::app {

constexpr int kDemoPictures = 1200; ///< 800 to learn from, 400 to test on

/// One image of so many is verified by the simulated reviewer before a person sees the demo.
constexpr int kDemoReviewShare = 8;

/// Where the pilot's pairs lie: beside the project (NAME-pairs).
[[nodiscard]] QString demoPairsFolder(const Project& project);

/// Makes the pilot's pairs where they are not there yet; the folder to import. Needs a
/// QGuiApplication. @throws std::exception
QString makeDemoPairs(const Project& project, const DemoPilot& pilot, int count,
                      JobContext& context);

/// Judges a demo's first images, one of `share`, as a simulated reviewer; of train and validation
/// only. @return verdicts given. @throws std::exception
int reviewDemo(const Project& project, int share, JobContext& context);

/// The whole loop on a demo pilot, simulated verdicts included. Goes on where it was stopped.
/// @param reviewShare as of reviewDemo(); 1: everything but the test images.
/// @throws std::exception
PilotSummary runDemoPilot(const Project& project, const DemoPilot& pilot, int count,
                          int reviewShare, const model::pipeline::TrainSettings& settings,
                          JobContext& context, const OnStep& onStep);

/// Figures of a run against what the pictures really show, on the test images: tag mAP, retrieval
/// and false alerts, pointing and IoU; for the tags that scenes are made of.
/// @throws std::exception
[[nodiscard]] QList<db::Metric> measureAgainstTruth(const Project& project, const db::Run& run,
                                                    JobContext& context);

} // namespace tagalign::app
