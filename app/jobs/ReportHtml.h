#pragma once

#include "app/jobs/FairnessReport.h"
#include "app/jobs/TagPrecision.h"
#include "db/Rows.h"
#include "model/pipeline/Evaluation.h"

#include <QByteArray>
#include <QList>
#include <QString>
#include <QStringList>

#include <vector>

namespace tagalign::app {

/// One prompt on one test image, before and after, on one colour scale.
struct HeatmapExample
{
    QString prompt;
    QString file;      ///< name of the picture
    QByteArray before; ///< PNG
    QByteArray after;  ///< PNG
    float low = 0.0F;  ///< of the scale, cosine
    float high = 0.0F;
};

/// A tag, or the attributes of a slice.
struct TagChange
{
    QString name;
    QString kind;
    double before = 0.0; ///< average precision
    double after = 0.0;
    double low = 0.0; ///< of the change; holds for all that are listed at once
    double high = 0.0;
    int images = 0; ///< test images that carry it
};

/// Everything on the page, as plain values.
struct ReportContent
{
    QString project;
    QString model;
    QString run;
    QString settings; ///< one line
    db::Counts counts;
    QString decision;
    QStringList cautions;
    QList<db::Metric> metrics; ///< without those of single tags
    QList<TagPrecision> precision;
    QList<TagChange> gained;
    QList<TagChange> lost;
    QString changes; ///< one sentence on both
    QList<TagChange> slices;
    std::vector<model::pipeline::ReliabilityCurve> reliability;
    FairnessReport fairness;
    QList<HeatmapExample> examples;
    QByteArray colourScale; ///< PNG
};

/// The page as one self-contained HTML file; every text is escaped.
[[nodiscard]] QString reportHtml(const ReportContent& content);

} // namespace tagalign::app
