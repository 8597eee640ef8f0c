#pragma once

#include "db/Database.h"
#include "model/pipeline/FairnessFigures.h"
#include "model/pipeline/PilotData.h"

#include <QJsonObject>
#include <QList>
#include <QString>
#include <QStringList>

namespace tagalign::app {

/// Fairness figures of a run with the tags' names as they were then: stored with the run, printed
/// as JSON and shown.
struct FairnessReport
{
    /// model::pipeline::GapRow.
    struct Gap
    {
        QString groupKind; ///< "attribute", "object" or "language"
        QString group;
        QString
            attributeClass; ///< of an attribute's group: what it is compared within; may be empty
        QString found;      ///< the one tag that is looked for; empty: all
        double insideBefore = 0.0;
        double outsideBefore = 0.0;
        double insideAfter = 0.0;
        double outsideAfter = 0.0;
        model::eval::Interval before; ///< of inside - outside
        model::eval::Interval after;
        model::eval::Interval change;
        int inside = 0; ///< image-tag pairs
        int outside = 0;
        int tags = 0;
    };

    /// model::pipeline::AssociationRow.
    struct Association
    {
        QString attribute;
        QString object;
        int images = 0;
        double pmi = 0.0;        ///< bits
        double normalised = 0.0; ///< [-1, 1]
        model::eval::Interval interval;
    };

    /// model::pipeline::ShiftRow.
    struct Shift
    {
        QString given;
        QString told;
        int images = 0;
        double there = 0.0;
        double before = 0.0;
        double after = 0.0;
        double contrastBefore = 0.0;
        double contrastAfter = 0.0;
        model::eval::Interval beforeInterval; ///< of the contrast
        model::eval::Interval afterInterval;
        model::eval::Interval change;
    };

    /// model::pipeline::AmplificationRow.
    struct Amplification
    {
        QString direction;
        double before = 0.0;
        double after = 0.0;
        model::eval::Interval beforeInterval;
        model::eval::Interval afterInterval;
        model::eval::Interval change;
        int pairs = 0;
    };

    /// model::eval::Omission of one tag, or of all of a kind.
    struct Omission
    {
        QString kind; ///< objects, attributes
        QString tag;  ///< empty: all of the kind
        int pictures = 0;
        double share = 0.0;
        model::eval::Interval interval;
    };

    bool isThere = false;    ///< else the run was evaluated by an earlier version
    bool isMeasured = false; ///< else no validation image carries a tag
    QList<Gap> groups;
    QList<Gap> singles;
    int rareGroups = 0;
    int rareSingles = 0;
    QList<Association> associations;
    int rareAssociations = 0;
    QList<Shift> shifts;
    QList<Amplification> amplification;
    QList<Omission> omissions; ///< by one caption of several (model::eval::omission)
    QList<Omission> unsaid;    ///< proposed by no caption's words (model::eval::unsaid)
    int rareOmissions = 0;     ///< tags on too few pictures
};

/// @param names of the data's tags, by position.
[[nodiscard]] FairnessReport fairnessReport(const model::pipeline::FairnessFigures& figures,
                                            const std::vector<model::pipeline::PilotTag>& tags,
                                            const QStringList& names);

/// What people saw but captions left out, from all verdicts so far; both lists are empty where
/// nothing can be told: each judged tag was read from the only caption of its picture.
/// @throws db::Error
void addReportingBias(FairnessReport& report, const db::Database& database);

[[nodiscard]] QJsonObject toJson(const FairnessReport& report);
[[nodiscard]] FairnessReport fairnessOf(const QJsonObject& json); ///< toJson()'s

} // namespace tagalign::app
