#pragma once

#include "model/tags/learned/LabelledCaption.h"
#include "model/tags/learned/ParserNetwork.h"
#include "model/tags/learned/ParserTraining.h"

namespace tagalign::model::tags {

/// Sets the vocabulary's calibration by Platt scaling on captions that training did not see.
void calibrate(ParserModel& model, const std::vector<AnnotatedCaption>& captions,
               const WordNet& wordNet);

[[nodiscard]] ParserFigures evaluateParser(const ParserModel& model,
                                           const std::vector<AnnotatedCaption>& captions,
                                           const WordNet& wordNet);

/// The captions with a third of them joined, two to five as one: captions of several clauses.
[[nodiscard]] std::vector<AnnotatedCaption> joinSome(const std::vector<AnnotatedCaption>& captions);

} // namespace tagalign::model::tags
