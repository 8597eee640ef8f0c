#pragma once

#include "model/Progress.h"
#include "model/eval/CoOccurrence.h"
#include "model/eval/Interval.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

/// How often a model finds tags in a group of images, and the same tags outside. What is on what is
/// as captions say: an object of which no caption says the colour is on neither side.
struct GapRow
{
    enum class Group {
        Attribute, ///< objects with the attribute, against the same with others of its class
        Object,    ///< attributes on the object, against the same on other objects
        Language   ///< images with a caption in the language, against all others
    };

    Group group = Group::Attribute;
    std::size_t tag = 0;              ///< of the group; index into PilotData::tags
    std::string language;             ///< of a Language group
    std::optional<std::size_t> found; ///< the one tag that is looked for; nothing: all
    double insideBefore = 0.0;        ///< recall, [0, 1]
    double outsideBefore = 0.0;
    double insideAfter = 0.0;
    double outsideAfter = 0.0;
    eval::Interval before; ///< 95 % interval of inside - outside
    eval::Interval after;
    eval::Interval change;  ///< of the gap, after - before
    std::size_t inside = 0; ///< image-tag pairs
    std::size_t outside = 0;
    std::size_t tags = 0; ///< compared with themselves

    [[nodiscard]] double gapBefore() const { return insideBefore - outsideBefore; }

    [[nodiscard]] double gapAfter() const { return insideAfter - outsideAfter; }
};

/// An attribute and an object in the captions of the training images.
struct AssociationRow
{
    std::size_t attribute = 0; ///< index into PilotData::tags
    std::size_t object = 0;
    std::size_t images = 0; ///< whose captions give the attribute to the object
    eval::Association association;
    eval::Interval interval; ///< of the PMI; 95 %, BCa, each row by itself
};

/// How often a tag is there, and is said to be there, on the test images that carry another; and
/// whether it is said too often there rather than everywhere (eval::DirectedShift::contrasts).
struct ShiftRow
{
    std::size_t given = 0; ///< index into PilotData::tags
    std::size_t told = 0;
    std::size_t images = 0; ///< test images that carry `given`
    double there = 0.0;     ///< share of them that carries `told`
    double before = 0.0;    ///< share on that the frozen model says it
    double after = 0.0;
    double contrastBefore = 0.0;
    double contrastAfter = 0.0;
    eval::Interval beforeInterval; ///< of the contrast; all rows' hold at once with 95 %
    eval::Interval afterInterval;
    eval::Interval change; ///< of the contrast, after - before
};

/// BiasAmp→ (eval::biasAmplification) of one direction.
struct AmplificationRow
{
    std::string direction; ///< "objects given attributes", "attributes given objects"
    double before = 0.0;
    double after = 0.0;
    eval::Interval beforeInterval; ///< 95 %, BCa
    eval::Interval afterInterval;
    eval::Interval change;
    std::size_t pairs = 0;
};

struct FairnessFigures
{
    bool isMeasured = false;     ///< else no validation image carries a tag: no threshold
    std::vector<GapRow> groups;  ///< intervals hold for all of them at once
    std::vector<GapRow> singles; ///< one tag in one group; the same
    std::size_t rareGroups = 0;  ///< left out: too few images inside or outside
    std::size_t rareSingles = 0;
    std::vector<AssociationRow> associations; ///< highest PMI first
    std::size_t rareAssociations = 0;
    std::vector<ShiftRow> shifts; ///< of the associations
    std::vector<AmplificationRow> amplification;
};

} // namespace tagalign::model::pipeline
