#pragma once

#include "model/pipeline/Training.h"

#include <string>

namespace CLI {
class App;
}

namespace tagalign::app {

/// The training settings as command line options, shared by the verbs that train.
struct TrainOptions
{
    std::string head = "adapter";
    std::string pooling = "lse";
    std::string device = "auto";
    model::pipeline::TrainSettings values;

    void addTo(CLI::App& verb);
    [[nodiscard]] model::pipeline::TrainSettings settings() const;
};

} // namespace tagalign::app
