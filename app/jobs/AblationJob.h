#pragma once

#include "app/Project.h"
#include "app/jobs/JobContext.h"
#include "db/Database.h"
#include "db/Rows.h"
#include "model/pipeline/TrainSettings.h"

#include <QList>
#include <QString>

#include <optional>

namespace tagalign::app {

/// What is taken away or varied, to see what it contributes (arXiv 2312.14149 does so for objects
/// and attributes).
enum class AblationStudy {
    Kinds,     ///< objects, attributes, both or neither in the tag loss
    TagCount,  ///< the most frequent tags alone
    Confidence ///< from which confidence on a tag that nobody verified counts
};

[[nodiscard]] QString nameOf(AblationStudy study); ///< "kinds", "tags", "confidence"
[[nodiscard]] std::optional<AblationStudy> ablationNamed(const QString& name);

/// One training of a study.
struct AblationVariant
{
    AblationStudy study = AblationStudy::Kinds;
    QString title; ///< as plots and tables name it
    model::pipeline::TrainSettings settings;
};

/// In the order of what is varied. @param tags enabled tags of the more frequent kind.
[[nodiscard]] QList<AblationVariant>
ablationVariants(AblationStudy study, const model::pipeline::TrainSettings& base, int tags);

/// Trains and measures a variant as a run of its own; one with the same settings and data that was
/// done before is taken as it is. @throws std::exception
db::Run runVariant(const Project& project, const AblationVariant& variant, JobContext& context);

/// A variant's figures: tag mAP on test images, before and after.
struct AblationRow
{
    AblationVariant variant;
    std::optional<db::Run> run; ///< the newest that is done
    std::optional<db::Metric> objects;
    std::optional<db::Metric> attributes;

    [[nodiscard]] bool isMeasured() const { return objects || attributes; }
};

/// All variants of a study, with what was measured so far on the present model and data.
/// @throws std::exception
[[nodiscard]] QList<AblationRow> ablationRows(const Project& project, const db::Database& database,
                                              AblationStudy study,
                                              const model::pipeline::TrainSettings& base);

} // namespace tagalign::app
