#pragma once

#include "app/Project.h"
#include "app/jobs/JobContext.h"

#include <QString>

namespace tagalign::app {

constexpr int kDemoPictures = 600;

/// Makes the demo's pairs beside the project (NAME-pairs) where they are not there yet; the
/// folder to import. Needs a QGuiApplication. @throws std::exception
QString makeDemoPairs(const Project& project, int count, JobContext& context);

} // namespace tagalign::app
