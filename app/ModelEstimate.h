#pragma once

#include "app/ModelCatalogue.h"

#include <QtGlobal>

namespace tagalign::app {

/// What a model will ask of this machine, before it is there: estimates, and to be called so.
struct ModelEstimate
{
    qint64 memoryBytes = 0;       ///< while pictures are encoded
    double imagesPerSecond = 0.0; ///< 0 while the machine's speed is not known
};

/// Work of the image tower for one picture, floating-point operations.
[[nodiscard]] double imageOperations(const CatalogueModel& model);

/// Operations a second in a ViT-B/16's forward pass on this machine, with the numbers that it
/// encodes with (bf16 where it has them). Measures for some seconds; the best of all calls counts,
/// since a busy machine only ever looks slower. Any thread. @throws model::Error
[[nodiscard]] double measuredOperationsPerSecond();

/// @param operationsPerSecond 0 if not measured.
[[nodiscard]] ModelEstimate estimateOf(const CatalogueModel& model, double operationsPerSecond);

} // namespace tagalign::app
