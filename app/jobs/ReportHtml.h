#pragma once

#include "db/Rows.h"

#include <QByteArray>
#include <QList>
#include <QString>
#include <QStringList>

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

struct TagChange
{
    QString name;
    QString kind;
    double before = 0.0; ///< average precision
    double after = 0.0;
    int positives = 0;
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
    QList<db::Metric> metrics;
    QList<TagChange> gained;
    QList<TagChange> lost;
    QList<HeatmapExample> examples;
    QByteArray colourScale; ///< PNG
};

/// The page as one self-contained HTML file; every text is escaped.
[[nodiscard]] QString reportHtml(const ReportContent& content);

} // namespace tagalign::app
