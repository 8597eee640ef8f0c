#pragma once

#include "app/Project.h"
#include "db/Database.h"
#include "db/Rows.h"
#include "model/pipeline/PilotData.h"
#include "model/tags/PromptTemplates.h"

#include <QList>
#include <QSet>
#include <QString>

namespace tagalign::app {

/// The project's data as training and evaluation take it, read at one moment.
struct PilotSnapshot
{
    model::pipeline::PilotData data;
    QList<db::TagId> tags; ///< of data.tags, by position
    QString description;   ///< JSON: model, counts and the last verdict, stored with the run
};

/// A tag as the model is asked about it.
[[nodiscard]] model::pipeline::PilotTag pilotTag(const db::Tag& tag,
                                                 const model::tags::PromptTemplates& templates);

/// Enabled tags and all images. Verdicts make targets certain. What nobody has judged has its
/// probability (QualityJob.h) on training images; on the others, which models are measured and
/// chosen by, the parser's confidence: a model has no say in what it is measured against.
/// @throws std::exception
[[nodiscard]] PilotSnapshot takeSnapshot(const Project& project, const db::Database& database);

/// The retention set: the snapshot's images with tags outside the pilot, those that the captions
/// speak of but that are not in use (too rare, or switched off) and that no training saw. At most
/// 200, those on most test images first; without captions.
/// @param seen tags that the run was trained on.
[[nodiscard]] model::pipeline::PilotData
otherTags(const db::Database& database, const PilotSnapshot& snapshot, const QSet<db::TagId>& seen);

/// A snapshot's description alone, without reading the data. @throws std::exception
[[nodiscard]] QString describeData(const db::Database& database);

/// A few images and the most frequent tags, by which a project's colour scale is fixed.
struct ScaleReference
{
    std::vector<std::string> hashes;
    std::vector<std::string> prompts;
};

[[nodiscard]] ScaleReference scaleReference(const db::Database& database); ///< @throws db::Error

/// Keeps the data in a file, so that a run goes on with what it began with, whatever was verified
/// since; and reads it back. @throws model::Error naming the file.
void saveSnapshot(const PilotSnapshot& snapshot, const QString& file);
[[nodiscard]] PilotSnapshot loadSnapshot(const QString& file);

/// The model that a run belongs to.
struct RunModel
{
    QString title; ///< for people; empty in runs of earlier versions
    QString fingerprint;
    QString checkpoint; ///< the folder at that time; empty: the demo model's
};

/// As a run's stored description names it.
[[nodiscard]] RunModel modelOf(const QString& description);

} // namespace tagalign::app
