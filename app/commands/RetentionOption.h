#pragma once

#include "app/Project.h"
#include "app/jobs/RetentionSet.h"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>

namespace tagalign::app {

/// --retention, shared by the verbs that evaluate.
class RetentionOption
{
public:
    CLI::Option* addTo(CLI::App& verb)
    {
        return verb.add_option(
            "--retention", m_source,
            "Pictures with captions outside the pilot, to measure what the head forgets; "
            "holds from now on, \"none\": no longer");
    }

    /// What was given becomes the project's. @throws as chooseRetentionSet()
    void keep(const Project& project) const
    {
        if (m_source) {
            chooseRetentionSet(project,
                               *m_source == "none" ? QString() : QString::fromStdString(*m_source));
        }
    }

private:
    std::optional<std::string> m_source;
};

} // namespace tagalign::app
