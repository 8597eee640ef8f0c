#pragma once

#include "app/Project.h"
#include "model/pipeline/Training.h"

#include <string>

namespace CLI {
class App;
}

namespace tagalign::app {

/// The training settings as command line options, shared by the verbs that train.
class TrainOptions
{
public:
    void addTo(CLI::App& verb);

    /// The preset's, with what was given besides.
    [[nodiscard]] model::pipeline::TrainSettings settings() const;

    /// The same for a project, which may have a confidence threshold of its own.
    /// @throws std::exception
    [[nodiscard]] model::pipeline::TrainSettings settingsFor(const Project& project) const;

private:
    CLI::App* m_verb = nullptr;
    std::string m_preset = "pilot";
    std::string m_head;
    std::string m_pooling;
    std::string m_objective;
    std::string m_groups;
    std::string m_device = "auto";
    model::pipeline::TrainSettings m_values;
};

} // namespace tagalign::app
