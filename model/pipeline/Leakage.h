#pragma once

#include "model/pipeline/PilotData.h"

namespace tagalign::model::pipeline {

/// Last line of defence before a training: the same content must not be in two splits, whatever
/// the files are called. (Near-duplicates and equal captions are kept together where splits are
/// made.)
/// @throws Error naming both files and their splits.
void requireDisjointSplits(const PilotData& data);

} // namespace tagalign::model::pipeline
